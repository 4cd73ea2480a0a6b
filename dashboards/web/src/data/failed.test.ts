import { QueryClient, QueryObserver } from "@tanstack/react-query";
import { expect, it, vi } from "vitest";
import { askFailedAgain } from "./failed";

it("asks once for all that failed, also where the last answer is still shown and is asked for by itself", async () => {
  const client = new QueryClient({ defaultOptions: { queries: { retry: false } } });
  const asked = { shown: 0, other: 0 };
  let isAway = false;
  const observe = (name: keyof typeof asked) => {
    const queryFn = () => {
      asked[name] += 1;
      return isAway ? Promise.reject(new Error("away")) : Promise.resolve(name);
    };
    const observer = new QueryObserver(client, { queryKey: [name], queryFn });
    observer.subscribe(() => undefined);
    return observer;
  };
  const shown = observe("shown");
  await vi.waitFor(() => expect(shown.getCurrentResult().isSuccess).toBe(true));
  isAway = true;
  const other = observe("other");
  await shown.refetch();
  await vi.waitFor(() => expect(other.getCurrentResult().isError).toBe(true));
  expect(shown.getCurrentResult()).toMatchObject({ isError: true, data: "shown" });

  isAway = false;
  Object.assign(asked, { shown: 0, other: 0 });
  void shown.refetch();
  askFailedAgain(client);
  await vi.waitFor(() => expect(client.isFetching()).toBe(0));
  expect(asked).toEqual({ shown: 1, other: 1 });
  expect([shown, other].map((one) => one.getCurrentResult().data)).toEqual(["shown", "other"]);
  client.clear();
});
