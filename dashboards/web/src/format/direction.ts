import type { Schema } from "../data/types";

/** Which way of a metric is good, as its definition states it. */
export type Direction = Schema<"Direction">;

/** Whether a change is good, bad or neither, by the direction of the metric. */
export function verdictOf(change: number | null | undefined, direction: Direction): "good" | "bad" | "neutral" {
  if (change === null || change === undefined || direction === "neither" || Math.abs(change) < 0.005) return "neutral";
  return change > 0 === (direction === "up") ? "good" : "bad";
}
