/** Which way of a metric is good; `none` where neither is. */
export type Direction = "up" | "down" | "none";

const UP = new Set(["deployment_frequency", "change_throughput", "ci_success_rate", "item_throughput", "flow_efficiency", "sprint_velocity", "say_do_ratio", "coverage", "review_depth", "reviewers", "bus_factor"]);
const NONE = new Set(["reviews", "assisted_changes", "investment", "ci_time_spent", "changes_in_progress", "items_in_progress", "reviewers", "review_depth"]);

/** Which way of a metric is good. */
export function directionOf(metric: string): Direction {
  if (NONE.has(metric)) return "none";
  return UP.has(metric) ? "up" : "down";
}

/** Whether a change is good, bad or neither, by the direction of the metric. */
export function verdictOf(change: number | null | undefined, direction: Direction): "good" | "bad" | "neutral" {
  if (change === null || change === undefined || direction === "none" || Math.abs(change) < 0.005) return "neutral";
  return change > 0 === (direction === "up") ? "good" : "bad";
}
