import { useMutation, useQueryClient } from "@tanstack/react-query";

/** Sends a change, and then asks again for what it changes: the answers of addresses of REST that match. */
export function useWrite<Sent, Got>(send: (sent: Sent) => Promise<Got>, changes: RegExp) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: send,
    onSuccess: () => {
      void client.invalidateQueries({ predicate: ({ queryKey: [api, path] }) => api === "rest" && typeof path === "string" && changes.test(path) });
    },
  });
}
