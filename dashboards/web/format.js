// How numbers and times are written. It changes units for reading, never values: what was sent stays in the
// `value` attribute of the element (see `shown`).

import { h } from "./dom.js";

const DAY = 86400;

/** Seconds as people say them: `42 min`, `3.4 h`, `2.1 days`. */
export function duration(seconds) {
  if (seconds < 60) return `${Math.round(seconds)} s`;
  if (seconds < 3600) return `${digits(seconds / 60)} min`;
  if (seconds < 2 * DAY) return `${digits(seconds / 3600)} h`;
  return `${digits(seconds / DAY)} days`;
}

/** Deployments a day, in the unit in which the number is at least 1. */
export function frequency(perDay) {
  if (perDay === 0 || perDay >= 1) return `${digits(perDay)} a day`;
  if (perDay >= 1 / 7) return `${digits(perDay * 7)} a week`;
  if (perDay >= 1 / 30.4375) return `${digits(perDay * 30.4375)} a month`;
  return `${digits(perDay * 365.25)} a year`;
}

/** A share of 1 as a percentage. */
export function percent(share) {
  return `${digits(share * 100)} %`;
}

/** A count with its noun. */
export function count(number, one, many = `${one}s`) {
  return `${number.toLocaleString("en-GB")} ${number === 1 ? one : many}`;
}

/** Three digits that mean something, at most one of them after the point. */
export function digits(number) {
  return number.toLocaleString("en-GB", { maximumFractionDigits: number < 100 ? 1 : 0 });
}

/** A value with its exact form beside it, or a dash that says that there is none. */
export function shown(value, write, attributes = {}) {
  if (value === null || value === undefined) return h("span", { ...attributes, title: "No data" }, "–");
  return h("data", { ...attributes, value }, write(value));
}

/** Days and times in the time zone of the report. */
export function clock(timeZone) {
  const day = new Intl.DateTimeFormat("en-GB", { timeZone, day: "numeric", month: "short", year: "numeric" });
  const short = new Intl.DateTimeFormat("en-GB", { timeZone, day: "numeric", month: "short" });
  const month = new Intl.DateTimeFormat("en-GB", { timeZone, month: "short", year: "numeric" });
  const time = new Intl.DateTimeFormat("en-GB", {
    timeZone, day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit",
  });
  return {
    zone: timeZone,
    day: (instant) => day.format(new Date(instant)),
    short: (instant) => short.format(new Date(instant)),
    month: (instant) => month.format(new Date(instant)),
    time: (instant) => time.format(new Date(instant)),
    /** A moment as an element that keeps the exact instant. */
    moment: (instant) => (instant ? h("time", { datetime: instant, title: instant }, time.format(new Date(instant))) : "–"),
  };
}
