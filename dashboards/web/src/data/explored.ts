import type { UseQueryResult } from "@tanstack/react-query";
import { compareOf, intervalOf, measuredQuestionOf, useFilter, type FilterSearch } from "./filter";
import { defined, useRest } from "./queries";
import { answersAgainst, otherTeam, useAgainst } from "./team-comparison";
import type { MetricAnswer, Schema } from "./types";

/** What is asked about a metric, beside the filter. */
export interface Exploring {
  metric: string;
  by?: string;
  repository?: string;
}

/** A distribution: of the whole, and of each slice. */
export type Distribution = Schema<"Answer_Distribution">["data"];

/** A metric over the window of the filter, as a series and by slices; `values` also has the percentiles of each step. */
export function useExplored({ metric, by, repository }: Exploring, options: { filter?: FilterSearch; enabled?: boolean; values?: boolean } = {}): UseQueryResult<{ data: MetricAnswer[] }> {
  const current = useFilter();
  const filter = options.filter ?? current;
  const query = { names: metric, ...measuredQuestionOf(filter), interval: intervalOf(filter), compare: compareOf(filter), by, repository, values_in_series: options.values };
  const answers = useRest("/api/v1/answers", defined(query) as never, { enabled: options.enabled }) as UseQueryResult<{ data: MetricAnswer[] }>;
  const team = otherTeam(filter);
  const others = useRest("/api/v1/answers", defined({ ...query, team, service: undefined }) as never, { enabled: team !== undefined && options.enabled }) as typeof answers;
  return useAgainst(answers, others, team, answersAgainst);
}

/** How the observations behind a metric are distributed. */
export function useDistribution({ metric, by, repository }: Exploring, enabled: boolean): UseQueryResult<{ data: Distribution }> {
  const filter = useFilter();
  const query = { ...measuredQuestionOf(filter), by, repository };
  return useRest("/api/v1/metrics/{name}/distribution", defined(query) as never, { names: { name: metric }, enabled }) as never;
}

/** The filter of what a metric is compared with: the earlier window, or another team. */
export function referenceOf(filter: FilterSearch, answer: MetricAnswer | undefined): FilterSearch | undefined {
  const team = filter.compare?.startsWith("team:") ? filter.compare.slice("team:".length) : undefined;
  if (team !== undefined) return { ...filter, team, service: undefined, compare: "none" };
  const window = answer?.whole.compared?.window;
  if (window === undefined || answer === undefined) return undefined;
  return { ...filter, window: undefined, from: window.from, to: window.to, interval: answer.interval as FilterSearch["interval"], compare: "none" };
}
