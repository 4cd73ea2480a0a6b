import type { MetricAnswer } from "../data/types";
import type { Series } from "./series";

/** How many slices are drawn; more can't be distinguished. */
export const DRAWN = 8;

/** The lines of an answer: its whole, or its largest slices; with `only` that slice beside the whole. */
export function linesOf(answer: MetricAnswer, whole: string, only?: string): Series[] {
  const chosen = answer.slices.find(({ slice }) => slice === only);
  if (chosen !== undefined) return [{ name: only ?? "", points: chosen.series }, { name: whole, points: answer.whole.series, isReference: true }];
  if (answer.slices.length === 0) return [{ name: whole, points: answer.whole.series }];
  return largest(answer).map(({ slice, series }) => ({ name: slice ?? "–", points: series }));
}

/** The slices with most observations, by name. */
export function largest(answer: MetricAnswer): MetricAnswer["slices"] {
  const byCount = [...answer.slices].sort((left, right) => right.n - left.n).slice(0, DRAWN);
  return byCount.sort((left, right) => (left.slice ?? "").localeCompare(right.slice ?? ""));
}

/** Counts are bars, everything else is a line. Counts of slices stand on each other where each thing is in one of them. */
export function kindOf({ metric, whole, slices }: MetricAnswer): "line" | "bar" | "stacked" {
  if (metric.unit !== "per_week" && metric.unit !== "count") return "line";
  if (slices.length < 2) return "bar";
  // a team may be a part of another, and both count what is theirs
  const sum = slices.reduce((before, { n }) => before + n, 0);
  return slices.length <= DRAWN && sum <= whole.n ? "stacked" : "line";
}

/** A series at the places of another one, step by step: an earlier window under the steps of this one. */
export function atSteps(points: Series["points"], steps: Series["points"]): Series["points"] {
  const shift = points.length - steps.length;
  return steps.map((step, index) => {
    const point = points[index + Math.max(shift, 0)];
    return { ...step, value: point?.value ?? null, n: point?.n ?? 0 };
  });
}
