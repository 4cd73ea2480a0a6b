import type { TimedItem } from "../../data/items";
import { t } from "../../i18n/t";

const [HOUR, DAY] = [3600, 86_400];
const TICKS = [60, 600, HOUR, 6 * HOUR, DAY, 3 * DAY, 7 * DAY, 30 * DAY, 90 * DAY, 365 * DAY, 1000 * DAY, 3650 * DAY];

/** The marks of the logarithmic scale: those around the ages, as their logarithms. */
export function ticksOf(items: Pick<TimedItem, "seconds">[]): number[] {
  const ages = items.map(({ seconds }) => seconds ?? 0);
  const from = TICKS.findLastIndex((tick) => ages.every((age) => age >= tick));
  const to = TICKS.findIndex((tick) => ages.every((age) => age <= tick));
  return TICKS.slice(Math.max(from, 0), to === -1 ? undefined : to + 1).map(Math.log10);
}

/** The columns: statuses, or types where all have the same status. */
export function columnsOf(items: Pick<TimedItem, "status" | "kind">[]): string[] {
  const statuses = [...new Set(items.map(({ status }) => status))];
  return statuses.length > 1 ? statuses : [...new Set(items.map(typeOf))].sort();
}

/** The type of an item, in words where it has none. */
export function typeOf({ kind }: Pick<TimedItem, "kind">): string {
  return kind ?? t("product.type_none");
}
