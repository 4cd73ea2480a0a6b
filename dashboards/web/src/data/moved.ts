import type { UseQueryResult } from "@tanstack/react-query";
import type { Answer, Row } from "sei-client";
import { compareOf, measuredQuestionOf, useFilter, type FilterSearch } from "./filter";
import { defined, useRest } from "./queries";
import type { Schema } from "./types";

/** A metric that moved since the earlier window, of the whole or of a slice. */
export type Mover = Row<"/api/v1/movers">;
/** What contributed to the change of a metric between two windows. */
export type Contributions = Answer<"/api/v1/metrics/{name}/contributions">["data"];
/** What a part contributed to it. */
export type Contribution = Schema<"Contribution">;
/** The stages of the lead time: their means add up, with the remainder, to that of the whole. */
export type StageContributions = Schema<"StageContributions">;

export type PartBy = "service" | "team" | "repository" | "type";

/** Metrics that are not put together from parts; nothing contributes to their change. */
const WITHOUT_PARTS = new Set(["age_of_open_changes", "age_of_items_in_progress", "bus_factor", "busiest_reviewer", "investment"]);

/** Whether parts contribute to the change of a metric. */
export function hasParts(metric: string): boolean {
  return !WITHOUT_PARTS.has(metric);
}

/** What moved most since the earlier window. */
export function useMovers(options: { by?: "team" | "service"; limit?: number; filter?: FilterSearch } = {}): UseQueryResult<{ data: Mover[] }> {
  const current = useFilter();
  const filter = options.filter ?? current;
  const compare = compareOf(filter);
  const query = { ...measuredQuestionOf(filter), compare, by: options.by, limit: options.limit ?? 10 };
  return useRest("/api/v1/movers", defined(query) as never, { enabled: compare !== undefined });
}

/** What contributed how much to the change of a metric. */
export function useContributions(metric: string, by: PartBy, options: { filter?: FilterSearch; enabled?: boolean } = {}): UseQueryResult<{ data: Contributions }> {
  const current = useFilter();
  const filter = options.filter ?? current;
  const compare = compareOf(filter);
  const query = { ...measuredQuestionOf(filter), compare, by };
  const enabled = (options.enabled ?? true) && compare !== undefined && hasParts(metric);
  return useRest("/api/v1/metrics/{name}/contributions", defined(query) as never, { names: { name: metric }, enabled });
}
