import { QueryClient } from "@tanstack/react-query";
import { ProblemError } from "../data/problem";

/**
 * The answers that the application holds. An answer is shown at once and asked for again when it is older than a few
 * seconds; the browser sends its `ETag`, so an unchanged answer costs no body. Live updates ask again sooner.
 */
export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 10_000,
      gcTime: 10 * 60_000,
      refetchOnWindowFocus: true,
      retry: (failures, error) => failures < 2 && !(error instanceof ProblemError && !error.mayPass),
      retryDelay: (failures) => Math.min(1000 * 2 ** failures, 8000),
      networkMode: "always",
    },
  },
});
