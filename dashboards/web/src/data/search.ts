import { useNavigate } from "@tanstack/react-router";
import { useCallback } from "react";

/** Changes parameters of the page in its address; `undefined` takes one out. What is typed replaces the last step of the history. */
export function useSetSearch(): (changes: Record<string, string | undefined>, options?: { replace?: boolean }) => void {
  const navigate = useNavigate();
  return useCallback(
    (changes, options = {}) => {
      void navigate({ to: ".", search: (search: object) => ({ ...search, ...changes }), resetScroll: false, replace: options.replace } as never);
    },
    [navigate],
  );
}
