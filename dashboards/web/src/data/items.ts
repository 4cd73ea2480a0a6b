import type { Answer } from "sei-client";
import { intervalOf, questionOf, useFilter, type FilterSearch } from "./filter";
import { defined, useMetrics, useRest } from "./queries";
import type { MetricAnswer, MetricPart, Schema } from "./types";

/** Work items with their times, and the percentiles of cycle time that they are held against. */
export type TimedItems = Answer<"/api/v1/item-times">["data"];
/** A work item with the time that it took, or has been in progress. */
export type TimedItem = Schema<"TimedItem">;

/** The items that were done in the window with their cycle times, or those in progress with their ages. */
export function useItemTimes(state: "done" | "in_progress", project: string | undefined, options: { kind?: string; enabled?: boolean } = {}) {
  const query = defined({ ...questionOf(useFilter()), state, project, kind: options.kind });
  return useRest("/api/v1/item-times", query as never, { enabled: options.enabled });
}

/** Metrics of work items: of a project where one is chosen, else of all. */
export function useItemMetrics(names: string[], project: string | undefined, filter?: FilterSearch) {
  return useMetrics(names, { by: project === undefined ? undefined : "repository", filter });
}

/** What an answer says of a project, or of all; undefined where the project has nothing. */
export function partOf(answer: MetricAnswer | undefined, project: string | undefined): MetricPart | undefined {
  return project === undefined ? answer?.whole : answer?.slices.find(({ slice }) => slice === project);
}

/** The filter with steps for a cumulative flow: days, weeks where these were too many. */
export function flowFilter(filter: FilterSearch): FilterSearch {
  if (filter.interval !== undefined) return filter;
  const days = filter.from === undefined ? Number.parseInt(filter.window ?? "90d", 10) : (Date.parse(filter.to ?? new Date().toISOString()) - Date.parse(filter.from)) / 86_400_000;
  return { ...filter, interval: days <= 120 ? "day" : "week" };
}

/** The names of the steps of a filter, for charts. */
export function stepsOf(filter: FilterSearch, answer: MetricAnswer | undefined): string {
  return answer?.interval ?? intervalOf(filter) ?? "week";
}
