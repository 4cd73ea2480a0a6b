// How numbers and times are written where the server did not write them itself: ends of scales, durations of
// single changes. It changes units for reading, never values: the exact value stays in the `value` attribute
// of the element that shows it.

import { h } from "./dom.js";

const DAY = 86400;

/** Seconds by their two largest units, as the engine writes them: `2 d 3 h`. */
export function duration(seconds) {
  if (seconds < 60) return `${digits(seconds)} s`;
  const minutes = Math.round(seconds / 60);
  const [days, hours] = [Math.floor(minutes / 1440), Math.floor(minutes / 60)];
  if (days > 0) return both(`${days} d`, Math.floor((minutes % 1440) / 60), "h");
  return hours > 0 ? both(`${hours} h`, minutes % 60, "min") : `${minutes} min`;
}

function both(large, small, unit) {
  return small === 0 ? large : `${large} ${small} ${unit}`;
}

/** The end of a scale, in the words of its unit. */
export function scaleEnd(value, unit) {
  if (unit === "ratio") return `${digits(value * 100)} %`;
  return unit === "seconds" ? duration(value) : digits(value);
}

/** A round number not below `value`, in a step that is round in the words of its unit. */
export function roundUp(value, unit) {
  const base = { seconds: secondsBase(value), ratio: 0.01 }[unit] ?? 1;
  const parts = Math.max(value / base, 1e-9);
  const power = 10 ** Math.floor(Math.log10(parts));
  const step = [1, 2, 3, 4, 5, 6, 8, 10].find((step) => step * power >= parts * 0.999999);
  return step * power * base;
}

function secondsBase(value) {
  if (value < 60) return 1;
  if (value < 3600) return 60;
  return value < 2 * DAY ? 3600 : DAY;
}

/** A count with its noun. */
export function count(number, one, many = `${one}s`) {
  return `${number.toLocaleString("en-GB")} ${number === 1 ? one : many}`;
}

/** At most one digit after the point. */
export function digits(number) {
  return number.toLocaleString("en-GB", { maximumFractionDigits: number < 100 ? 1 : 0 });
}

/** A value in the server's words, with its exact form in the element; a dash where there is none. */
export function shown(value, text, attributes = {}) {
  if (value === null || value === undefined) return h("span", { ...attributes, title: "Nothing was observed" }, "–");
  return h("data", { ...attributes, value }, text);
}

/** Days and times in the time zone of the report. */
export function clock(timeZone) {
  const format = (options) => {
    const formatter = new Intl.DateTimeFormat("en-GB", { timeZone, ...options });
    return (instant) => formatter.format(new Date(instant));
  };
  const day = { day: "numeric", month: "short", year: "numeric" };
  const time = format({ ...day, hour: "2-digit", minute: "2-digit" });
  return {
    day: format(day),
    short: format({ day: "numeric", month: "short" }),
    month: format({ month: "short", year: "numeric" }),
    /** A moment as an element that keeps the exact instant. */
    moment: (instant) => (instant ? h("time", { datetime: instant, title: instant }, time(instant)) : "–"),
  };
}
