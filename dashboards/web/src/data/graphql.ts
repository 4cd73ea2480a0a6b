import { print } from "@0no-co/graphql.web";
import { useQuery, type UseQueryResult } from "@tanstack/react-query";
import { initGraphQLTada, type TadaDocumentNode } from "gql.tada";
import type { introspection } from "../../generated/graphql";
import { useFilter } from "./filter";
import { askGraph } from "./client";
import { unfinished } from "./queries";

/** Makes a typed document of GraphQL: `graphql("{ organization { name } }")`. Its types follow api/schema.graphql. */
export const graphql = initGraphQLTada<{
  introspection: introspection;
  scalars: { DateTime: string; TimeOrDay: string; TimeZone: string; WindowLength: string; Benchmark: string; ID: string };
}>();

export type { FragmentOf, ResultOf, VariablesOf } from "gql.tada";
export { readFragment } from "gql.tada";

/** The answer to a document, for the tenant of the filter. `kinds` are the live events after which it is asked again. */
export function useGraph<Data, Variables>(
  document: TadaDocumentNode<Data, Variables>,
  variables: Variables,
  options: { kinds?: string[]; enabled?: boolean } = {},
): UseQueryResult<Data> {
  const { tenant } = useFilter();
  const text = print(document as never);
  return useQuery({
    queryKey: ["graphql", text, variables, tenant],
    queryFn: ({ signal }) => askGraph<Data>(text, variables, tenant, signal),
    meta: { kinds: options.kinds ?? ["deployment", "incident"] },
    enabled: options.enabled ?? true,
    placeholderData: unfinished,
  });
}
