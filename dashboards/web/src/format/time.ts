import { locale, t } from "../i18n/t";

const formatters = new Map<string, Intl.DateTimeFormat>();
let zone: string | undefined;

/** Sets the time zone in which times are shown: that of the filter, else that of the device. */
export function setTimeZone(timeZone: string | undefined): void {
  zone = timeZone;
}

/** The time zone in which times are shown. */
export function timeZone(): string {
  return zone ?? Intl.DateTimeFormat().resolvedOptions().timeZone;
}

function format(time: string | number | Date, options: Intl.DateTimeFormatOptions): string {
  const key = `${locale()} ${zone} ${JSON.stringify(options)}`;
  let formatter = formatters.get(key);
  if (formatter === undefined) {
    formatter = new Intl.DateTimeFormat(locale(), { timeZone: zone, ...options });
    formatters.set(key, formatter);
  }
  return formatter.format(new Date(time));
}

/** A day: `3 Feb 2026`. */
export function formatDay(time: string | number | Date): string {
  return format(time, { day: "numeric", month: "short", year: "numeric" });
}

/** A day without its year, for axes and dense tables. */
export function formatShortDay(time: string | number | Date): string {
  return format(time, { day: "numeric", month: "short" });
}

/** A month: `Feb 2026`. */
export function formatMonth(time: string | number | Date): string {
  return format(time, { month: "short", year: "numeric" });
}

/** A moment to the minute. */
export function formatTime(time: string | number | Date): string {
  return format(time, { day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit" });
}

/** The seconds from one moment to another; null where one of them is not known. */
export function secondsBetween(from: string, to: string): number;
export function secondsBetween(from: string | null | undefined, to: string | null | undefined): number | null;
export function secondsBetween(from: string | null | undefined, to: string | null | undefined): number | null {
  return from === null || from === undefined || to === null || to === undefined ? null : (Date.parse(to) - Date.parse(from)) / 1000;
}

const STEPS: [Intl.RelativeTimeFormatUnit, number][] = [
  ["year", 365 * 86_400],
  ["month", 30 * 86_400],
  ["week", 7 * 86_400],
  ["day", 86_400],
  ["hour", 3600],
  ["minute", 60],
];

/** How long ago, or until when: `3 days ago`. */
export function formatAgo(time: string | number | Date, now = Date.now()): string {
  const seconds = (new Date(time).getTime() - now) / 1000;
  const relative = new Intl.RelativeTimeFormat(locale(), { numeric: "auto" });
  for (const [unit, size] of STEPS) {
    if (Math.abs(seconds) >= size) return relative.format(Math.round(seconds / size), unit);
  }
  return t("time.now");
}

/** A window in words: `1 Sep – 30 Nov 2026`. */
export function formatWindow(window: { from: string; to: string }): string {
  return `${formatDay(window.from)} – ${formatDay(window.to)}`;
}

/** A week, month or quarter as its label says, else a day: the name of a step of a series. */
export function formatStep(point: { from: string; label: string }, interval: string): string {
  if (interval === "month") return formatMonth(point.from);
  if (interval === "day") return formatShortDay(point.from);
  if (interval === "week") return point.label.replace(/^(\d+)-W0?(\d+)$/, (_, year, week) => t("time.week", { week, year }));
  return point.label;
}
