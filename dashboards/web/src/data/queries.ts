import {
  keepPreviousData,
  queryOptions,
  useInfiniteQuery,
  useQuery,
  type UseQueryResult,
} from "@tanstack/react-query";
import { createContext, useContext } from "react";
import type { Answer, Question as QueryOf, ReadPath, Row } from "sei-client";
import { compareOf, defined, intervalOf, measuredQuestionOf, reportQuestionOf, useFilter, type FilterSearch } from "./filter";
import { answered, rest } from "./client";
import type { Direction } from "../format/direction";
import { answersAgainst, otherTeam, reportAgainst, useAgainst, wholeAgainst } from "./team-comparison";
import type { Definition, MetricAnswer, Report } from "./types";

export { defined };

/** The lists of REST: addresses whose answers have rows and a cursor. */
export type ListPath = { [Path in ReadPath]: Answer<Path> extends { data: unknown[]; next_cursor?: string | null } ? Path : never }[ReadPath];

/** What is shown until the answer to a changed question is there: the previous answer. */
export const unfinished = keepPreviousData;

/** The question of REST as a query of TanStack: its key is the address with its parameters, which live updates look at. */
export function restQuery<Path extends ReadPath>(path: Path, query: QueryOf<Path>, names: Record<string, string> = {}) {
  return queryOptions({
    queryKey: ["rest", path, query, names] as const,
    queryFn: async ({ signal }): Promise<Answer<Path>> =>
      answered(rest.GET(path as never, { params: { query, path: names }, signal } as never) as Promise<{ data?: Answer<Path>; response: Response }>),
    placeholderData: unfinished,
  });
}

/** An answer of REST. `names` are the parts of the path that stand in braces. */
export function useRest<Path extends ReadPath>(
  path: Path,
  query: QueryOf<Path>,
  options: { names?: Record<string, string>; enabled?: boolean } = {},
): UseQueryResult<Answer<Path>> {
  return useQuery({ ...restQuery(path, query, options.names), enabled: options.enabled ?? true }) as UseQueryResult<Answer<Path>>;
}

/** The rows of a list, page by page: `rows`, `fetchNextPage`, `hasNextPage`. */
export function useList<Path extends ListPath>(path: Path, query: QueryOf<Path>, options: { enabled?: boolean; limit?: number } = {}) {
  const limit = options.limit ?? 50;
  const list = useInfiniteQuery({
    queryKey: ["rest", path, query, { limit }] as const,
    queryFn: async ({ signal, pageParam }) => {
      const params = { query: { ...(query as object), limit, cursor: pageParam } };
      const asked = rest.GET(path as never, { params, signal } as never) as Promise<{ data?: Page<Path>; response: Response }>;
      return answered(asked);
    },
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next_cursor ?? undefined,
    placeholderData: unfinished,
    enabled: options.enabled ?? true,
  });
  return { ...list, rows: list.data?.pages.flatMap((page) => page.data) };
}

interface Page<Path extends ListPath> {
  data: Row<Path>[];
  next_cursor?: string | null;
}

/** The DORA report for the filter; `by` also for each team or service. */
export function useReport(options: { by?: "team" | "service"; filter?: FilterSearch; enabled?: boolean } = {}): UseQueryResult<{ demo: boolean; tenant: string; data: Report }> {
  const current = useFilter();
  const filter = options.filter ?? current;
  const query = reportQuestionOf(filter, options.by);
  const report = useRest("/api/v1/dora", query as never, { enabled: options.enabled }) as UseQueryResult<{ demo: boolean; tenant: string; data: Report }>;
  const team = otherTeam(filter);
  const other = useRest("/api/v1/dora", defined({ ...query, team, service: undefined, by: undefined }) as never, { enabled: team !== undefined && options.enabled }) as typeof report;
  return useAgainst(report, other, team, options.by === "team" ? reportAgainst : wholeAgainst);
}

/** Several metrics for the filter, in the order of their names. */
export function useMetrics(
  names: string[],
  options: { by?: string; filter?: FilterSearch; series?: boolean; enabled?: boolean } = {},
): UseQueryResult<{ data: MetricAnswer[] }> {
  const current = useFilter();
  const filter = options.filter ?? current;
  const interval = options.series === false ? undefined : (intervalOf(filter) ?? "week");
  const query = { names: names.join(","), ...measuredQuestionOf(filter), interval, compare: compareOf(filter), by: options.by };
  const answers = useRest("/api/v1/answers", defined(query) as never, { enabled: options.enabled }) as UseQueryResult<{ data: MetricAnswer[] }>;
  const team = otherTeam(filter);
  const others = useRest("/api/v1/answers", defined({ ...query, team, service: undefined }) as never, { enabled: team !== undefined && options.enabled }) as typeof answers;
  return useAgainst(answers, others, team, answersAgainst);
}

const NO_DEFINITIONS = new Map<string, Definition>();

/** Holds the definitions of all metrics for the pages below it, so that a table of many values asks for them once. */
export const Definitions = createContext(NO_DEFINITIONS);

/** The definitions of all metrics, by name; none until they are there. */
export function useDefinitions(): Map<string, Definition> {
  return useContext(Definitions);
}

/** Which way of a metric is good; neither until it is known. */
export function useDirection(metric: string): Direction {
  return useDefinitions().get(metric)?.direction ?? "neither";
}

/** Asks for the definitions of all metrics. */
export function useLoadedDefinitions(): Map<string, Definition> {
  return useDefinitionsQuery().data ?? NO_DEFINITIONS;
}

/** The same, and whether they could be had. */
export function useDefinitionsQuery() {
  const { tenant } = useFilter();
  return useQuery({ ...restQuery("/api/v1/metrics", defined({ tenant }) as never), staleTime: Number.POSITIVE_INFINITY, select: byName });
}

function byName(answer: { data: Definition[] }): Map<string, Definition> {
  return new Map(answer.data.map((definition) => [definition.name, definition]));
}

/** Who asks, and what was granted to them. */
export function useMe() {
  return useQuery({ ...restQuery("/api/v1/me", {} as never), staleTime: 60_000 });
}

/** The teams and services that the filter offers. */
export function useScopes() {
  const { tenant } = useFilter();
  const query = defined({ tenant, limit: 200 }) as never;
  const teams = useQuery({ ...restQuery("/api/v1/teams", query), staleTime: 60_000 });
  const services = useQuery({ ...restQuery("/api/v1/services", query), staleTime: 60_000 });
  return { teams: teams.data?.data ?? [], services: services.data?.data ?? [] };
}

/** The tenants that may be read. */
export function useTenants() {
  const { tenant } = useFilter();
  return useQuery({ ...restQuery("/api/v1/tenants", defined({ tenant, limit: 200 }) as never), staleTime: 60_000 });
}
