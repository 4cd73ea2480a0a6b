import type { QueryClient } from "@tanstack/react-query";

/**
 * Asks again for all that could not be had: what failed one question has mostly failed others, and is over for all. What is asked
 * for already is not asked for twice.
 */
export function askFailedAgain(client: QueryClient): void {
  void client.invalidateQueries({ predicate: ({ state }) => state.status === "error" }, { cancelRefetch: false });
}
