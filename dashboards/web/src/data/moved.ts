import type { UseQueryResult } from "@tanstack/react-query";
import { compareOf, questionOf, useFilter, type FilterSearch } from "./filter";
import { defined, useRest } from "./queries";
import type { Definition, Unit } from "./types";

interface Window {
  from: string;
  to: string;
}

/** A metric that moved since the earlier window, of the whole or of a slice. */
export interface Mover {
  metric: string;
  title: string;
  unit: Unit;
  slice: string | null;
  window: Window;
  compared: Window;
  value: number;
  n: number;
  before_value: number;
  before_n: number;
  difference: number;
  change: number | null;
}

/** What a part contributed to the change of a metric. */
export interface Contribution {
  part: string | null;
  value: number | null;
  n: number;
  before_value: number | null;
  before_n: number;
  contribution: number | null;
  share: number | null;
}

/** What a stage contributed to the change of the mean lead time. */
export interface StageContribution {
  metric: string;
  title: string;
  median: number | null;
  before_median: number | null;
  mean: number | null;
  before_mean: number | null;
  contribution: number | null;
}

/** The stages of the lead time: their means add up, with the remainder, to that of the whole. */
export interface StageContributions {
  mean: number | null;
  before_mean: number | null;
  difference: number | null;
  stages: StageContribution[];
  remainder: number | null;
}

/** What contributed to the change of a metric between two windows. */
export interface Contributions {
  metric: Definition;
  window: Window;
  compared: Window;
  method: "difference" | "mix_and_rate" | "replacement";
  value: number | null;
  n: number;
  before_value: number | null;
  before_n: number;
  difference: number | null;
  change: number | null;
  parts: Contribution[];
  remainder: number | null;
  stages: StageContributions | null;
}

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
  const query = { ...questionOf(filter), compare, by: options.by, limit: options.limit ?? 10 };
  return useRest("/api/v1/movers" as never, defined(query) as never, { enabled: compare !== undefined }) as never;
}

/** What contributed how much to the change of a metric. */
export function useContributions(metric: string, by: PartBy, options: { filter?: FilterSearch; enabled?: boolean } = {}): UseQueryResult<{ data: Contributions }> {
  const current = useFilter();
  const filter = options.filter ?? current;
  const compare = compareOf(filter);
  const query = { ...questionOf(filter), compare, by };
  const enabled = (options.enabled ?? true) && compare !== undefined && hasParts(metric);
  return useRest("/api/v1/metrics/{name}/contributions" as never, defined(query) as never, { names: { name: metric }, enabled }) as never;
}
