import type { Bound } from "../../data/targets";
import type { Definition, Unit } from "../../data/types";
import { formatValue } from "../../format/value";
import { t } from "../../i18n/t";

/** Units that a duration is entered in, with their seconds; the largest first. */
export const DURATIONS = { days: 86_400, hours: 3600, minutes: 60 } as const;
export type DurationUnit = keyof typeof DURATIONS;

/** A target as it is entered: shares in percent, durations in a unit. */
export interface Entered {
  text: string;
  duration: DurationUnit;
}

/** What is entered for a value: a duration in the largest unit in which it is a whole number. */
export function entered(value: number, unit: Unit): Entered {
  if (unit === "ratio") return { text: written(value * 100), duration: "days" };
  if (unit !== "seconds") return { text: written(value), duration: "days" };
  const units = Object.keys(DURATIONS) as DurationUnit[];
  const duration = units.find((name) => value % DURATIONS[name] === 0) ?? "minutes";
  return { text: written(value / DURATIONS[duration]), duration };
}

/** The value that was entered, as the API takes it; undefined where it is none. */
export function valueOf({ text, duration }: Entered, unit: Unit): number | undefined {
  const number = text.trim() === "" ? Number.NaN : Number(text.trim().replace(",", "."));
  if (!Number.isFinite(number) || number < 0) return undefined;
  if (unit === "ratio") return number > 100 ? undefined : number / 100;
  return unit === "seconds" ? number * DURATIONS[duration] : number;
}

function written(value: number): string {
  return String(Number(value.toPrecision(12)));
}

/** A target in words: `at most 2 d`. */
export function targetText(bound: Bound, value: number, unit: Unit): string {
  return t(`target.${bound}`, { value: formatValue(value, unit) });
}

/** The side of a target that is better, if either is. */
export function betterSide({ direction }: Definition): Bound | undefined {
  return { up: "at_least" as const, down: "at_most" as const, neither: undefined }[direction];
}

/** Aggregations whose values grow with the window, so that no target fits them. */
const GROWING = ["count", "sum", "time_open"];

/** Whether there can be a target for a metric, of a team or of the organization. */
export function canHaveTarget({ aggregation, slices }: Definition, isOfTeam: boolean): boolean {
  return !GROWING.includes(aggregation) && (!isOfTeam || slices.includes("team") || slices.includes("author_team"));
}
