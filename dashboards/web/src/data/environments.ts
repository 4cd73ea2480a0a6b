import { useQuery } from "@tanstack/react-query";
import { askGraph } from "./client";
import { useFilter } from "./filter";

/** As a text, so that the first page needs no parser. */
const ENVIRONMENTS = "{ environments(first: 100) { nodes { name isProduction } } }";

interface Environments {
  environments: { nodes: { name: string; isProduction: boolean }[] };
}

/** The production environments, by name: those that metrics can be asked for by. */
export function useEnvironments(): string[] {
  const { tenant } = useFilter();
  const { data } = useQuery({
    queryKey: ["graphql", ENVIRONMENTS, {}, tenant],
    queryFn: ({ signal }) => askGraph<Environments>(ENVIRONMENTS, {}, tenant, signal),
    staleTime: 60_000,
  });
  return data?.environments.nodes.filter(({ isProduction }) => isProduction).map(({ name }) => name) ?? [];
}
