import type { Unit } from "../data/types";
import { locale, t } from "../i18n/t";

const MINUTE = 60;
const HOUR = 3600;
const DAY = 86_400;
const NONE = "–";

const formatters = new Map<string, Intl.NumberFormat>();

/** A number in the language of the page; `options` as of `Intl.NumberFormat`. */
export function formatNumber(value: number, options: Intl.NumberFormatOptions = {}): string {
  const key = `${locale()} ${JSON.stringify(options)}`;
  let formatter = formatters.get(key);
  if (formatter === undefined) {
    formatter = new Intl.NumberFormat(locale(), options);
    formatters.set(key, formatter);
  }
  return formatter.format(value);
}

/** A number with three digits that count, as the server writes numbers; millions in short. */
export function formatShort(value: number): string {
  const size = Math.abs(value);
  if (size >= 1_000_000) return formatNumber(value, { notation: "compact", maximumFractionDigits: 1 });
  return formatNumber(value, { maximumFractionDigits: size >= 100 ? 0 : size >= 10 ? 1 : size >= 0.1 ? 2 : 3 });
}

/** Seconds by their two largest units: `2 d 3 h`. */
export function formatDuration(seconds: number | null | undefined): string {
  if (seconds === null || seconds === undefined) return NONE;
  if (seconds < 0) return `−${formatDuration(-seconds)}`;
  if (seconds < MINUTE) return `${formatShort(seconds)} s`;
  const minutes = Math.round(seconds / MINUTE);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return both(hours, t("unit.h"), minutes % 60, "min");
  return both(Math.floor(hours / 24), t("unit.d"), hours % 24, t("unit.h"));
}

function both(large: number, largeUnit: string, small: number, smallUnit: string): string {
  const first = `${formatNumber(large)} ${largeUnit}`;
  return small === 0 ? first : `${first} ${small} ${smallUnit}`;
}

/** A duration by its largest unit alone, for axes: `3 d`. */
export function formatRoughDuration(seconds: number): string {
  const rough = (unit: number, name: string) => `${formatNumber(seconds / unit, { maximumFractionDigits: 1 })} ${name}`;
  if (seconds < MINUTE) return rough(1, "s");
  if (seconds < HOUR) return rough(MINUTE, "min");
  return seconds < 2 * DAY ? rough(HOUR, t("unit.h")) : rough(DAY, t("unit.d"));
}

/** A share between 0 and 1 as percent. */
export function formatShare(share: number | null | undefined): string {
  return share === null || share === undefined ? NONE : `${formatShort(share * 100)} %`;
}

/** A value with its unit, for reading; a dash where nothing was observed. */
export function formatValue(value: number | null | undefined, unit: Unit): string {
  if (value === null || value === undefined) return NONE;
  switch (unit) {
    case "seconds":
      return formatDuration(value);
    case "ratio":
      return formatShare(value);
    case "per_day":
      return t("unit.per_day", { value: formatShort(value) });
    case "per_week":
      return t("unit.per_week", { value: formatShort(value) });
    case "days_per_week":
      return t("unit.days_per_week", { value: formatShort(value), n: value });
    case "count":
    case "number":
      return formatShort(value);
  }
}

/** A value without the words of its unit, for axes and narrow columns. */
export function formatBare(value: number | null | undefined, unit: Unit): string {
  if (value === null || value === undefined) return NONE;
  if (unit === "seconds") return formatRoughDuration(value);
  return unit === "ratio" ? formatShare(value) : formatShort(value);
}

/** From here a change is read as a multiple. */
const MULTIPLE = 10;

/** A change as a signed share, `+12 %`; a large one as a multiple of what was before, `19×`. */
export function formatChange(share: number): string {
  if (share + 1 >= MULTIPLE) return `${formatNumber(share + 1, { maximumFractionDigits: 0 })}×`;
  const percent = Math.abs(share) * 100;
  const sign = share > 0 ? "+" : share < 0 ? "−" : "";
  return `${sign}${formatNumber(percent, { maximumFractionDigits: percent < 10 ? 1 : 0 })} %`;
}
