import type { Unit } from "../data/types";

const MINUTE = 60;
const HOUR = 3600;
const DAY = 86_400;
/** Round durations. */
const ROUND = [1, 5, 15, 30, MINUTE, 5 * MINUTE, 15 * MINUTE, 30 * MINUTE, HOUR, 2 * HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR, DAY, 2 * DAY, 5 * DAY, 7 * DAY, 14 * DAY, 30 * DAY, 90 * DAY, 180 * DAY, 365 * DAY];
const MOST_TICKS = 5;

/** The ticks of an axis of values: durations in steps that are round as durations; other units as the chart chooses. */
export function axisOf(unit: Unit, values: (number | null | undefined)[]): { interval?: number; max?: number } {
  const most = Math.max(...values.map((value) => value ?? 0), 0);
  if (unit !== "seconds" || most <= 0) return {};
  const interval = ROUND.find((step) => most / step <= MOST_TICKS) ?? Math.ceil(most / MOST_TICKS / DAY) * DAY;
  return { interval, max: Math.ceil(most / interval) * interval };
}

/** The index of the step that is not over yet: one whose period ends later than now, or that the window cuts off just now. */
export function partialStep(steps: { from: string; to: string }[], now = Date.now()): number | undefined {
  const last = steps.length - 1;
  const step = steps[last];
  if (step === undefined) return undefined;
  // a window that ends up to half a minute before now ends now
  return new Date(step.to).getTime() > now - 60_000 ? last : undefined;
}
