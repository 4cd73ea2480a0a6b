import { useNavigate, useSearch } from "@tanstack/react-router";
import { useCallback, useMemo } from "react";
import { readFilter, type FilterSearch } from "./question";

export * from "./question";

/** The filter of the address. */
export function useFilter(): FilterSearch {
  // the router leaves what can't be meant beside what was read
  const search: Record<string, unknown> = useSearch({ strict: false });
  return useMemo(() => readFilter(search), [search]);
}

/** Changes some of the filter: a step that Back undoes. `undefined` takes the default. */
export function useSetFilter(): (changes: Partial<FilterSearch>) => void {
  const navigate = useNavigate();
  return useCallback(
    (changes) => {
      void navigate({
        to: ".",
        search: (search: Record<string, unknown>) => {
          const { cursor: _, ...kept } = search;
          return { ...kept, ...changes };
        },
        resetScroll: false,
      } as never);
    },
    [navigate],
  );
}
