import { answered, rest } from "../data/client";

/** Ends the session here, and at the identity provider where it says where to go for that. */
export async function logOut(): Promise<void> {
  // no content: the session began at no provider
  const ended = (await answered(rest.POST("/api/v1/logout"))) as { continue_at: string } | undefined;
  // what the worker keeps is for this user alone
  if ("caches" in window) await caches.delete("answers");
  location.assign(ended?.continue_at ?? "/login");
}
