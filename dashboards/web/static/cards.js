// The metrics as cards: value, n, level, score beside the benchmark, and how it went over time. Every number
// is the engine's own, in its own words.

import { chart } from "./chart.js";
import { h, s, sentence } from "./dom.js";
import { count, digits, shown } from "./format.js";

// Throughput first, then stability; time to restore stands beside the five.
const CARDS = [
  ["change_lead_time", "Median time from first commit to production", "change"],
  ["deployment_frequency", "Successful production deployments", "deployment"],
  ["failed_deployment_recovery_time", "Median time from a failed deployment to its recovery", "recovered deployment"],
  ["change_fail_rate", "Deployments that failed, of all", "deployment"],
  ["deployment_rework_rate", "Unplanned deployments that fix a user-facing fault", "deployment"],
  ["time_to_restore", "Median time from detected to resolved, all incidents; beside the five", "incident"],
];

const NAMES = {
  median: "Median", p75: "p75", p90: "p90", mean: "Mean", coding: "Coding", pickup: "Pickup", review: "Review",
  approval: "Approval", deploy: "Deploy", per_day: "A day", days_per_week: "Deploys on", time_between: "Median gap",
  deployments: "Deployments", rate: "Rate", failed: "Failed", rework: "Rework", recovered: "Recovered",
  open: "Still open",
};

/** The cards of a report. */
export function cards(report, clock) {
  return CARDS.map(([name, about, noun]) => card(report[name], about, noun, report, clock));
}

/** Placeholders until the first report is there. */
export function skeletons() {
  return CARDS.map(() => h("div", { class: "card skeleton" }, h("p", {}, "Loading …")));
}

function card(metric, about, noun, report, clock) {
  const title = `card-${metric.metric}`;
  // "of how many" is n
  const others = metric.values.filter((value) => value.name !== metric.headline && value.name !== "of");
  return h(
    "article",
    { class: "card", "aria-labelledby": title, "data-metric": metric.metric },
    h("header", {}, h("h2", { id: title }, metric.title), metric.level && h("span", { class: `badge ${metric.level}` }, metric.level)),
    h("p", { class: "big" }, shown(metric.value, metric.text)),
    h("p", { class: "about" }, `${about} · `,
      h("span", { class: "n" }, "n = ", h("data", { value: metric.n }, count(metric.n, noun)))),
    h("dl", { class: "facts" }, others.map((value) =>
      h("div", {}, h("dt", {}, NAMES[value.name] ?? value.name), h("dd", {}, shown(value.value, value.text, { "data-value": value.name })))),
      basis(metric.basis)),
    caveats(metric, report),
    metric.score !== null && score(metric, report),
    trend(metric, report, clock),
  );
}

// What the value rests on.
function basis({ evidence, known }) {
  const fact = (name, value) => h("div", {}, h("dt", {}, name), h("dd", {}, value));
  return [
    evidence.length > 0 && fact("Evidence", evidence.map((source) => source.replaceAll("_", " ")).join(", ")),
    known !== null && known < 1 && fact("Known ends", h("data", { value: known }, `${digits(known * 100)} %`)),
  ];
}

// What holds for the whole report is shown once, above the cards.
function caveats(metric, report) {
  const own = metric.caveats.filter(({ text }) => !report.statements.includes(text));
  return own.length > 0 && h("ul", { class: "caveats", "aria-label": `What to know about ${metric.title.toLowerCase()}` },
    own.map(({ code, text }) => h("li", { "data-caveat": code }, sentence(text))));
}

function score(metric, report) {
  const mean = metric.benchmark?.mean;
  const group = report.quick_check.group_name;
  return h(
    "div",
    { class: "score" },
    h("span", {}, "Score ", shown(metric.score, digits(metric.score))),
    s("svg", { viewBox: "0 0 100 8", preserveAspectRatio: "none", role: "img", "aria-label": `${digits(metric.score)} of 10` },
      s("rect", { class: "track", width: 100, height: 8, rx: 2 }),
      s("rect", { class: "reached", width: metric.score * 10, height: 8, rx: 2 }),
      mean !== undefined && s("rect", { class: "mean", x: Math.min(mean * 10, 99), width: 1, height: 8 })),
    h("span", {}, mean === undefined ? "of 10" : [`${group} `, shown(mean, digits(mean))]),
  );
}

// Deployments are counted a step; everything else is its headline.
function trend(metric, report, clock) {
  const name = metric.metric === "deployment_frequency" ? "deployments" : metric.headline;
  const points = metric.series.map((point) => {
    const value = point.values.find((value) => value.name === name);
    return { ...labels(point, report.interval, clock), value: value?.value ?? null, text: value?.text, n: value?.n ?? point.n };
  });
  const unit = metric.values.find((value) => value.name === name)?.unit ?? metric.unit;
  const kind = unit === "count" ? "bar" : "line";
  return chart({ title: `${metric.title} by ${report.interval}`, unit, column: NAMES[name], kind, points });
}

function labels(point, interval, clock) {
  if (interval === "quarter" || interval === "year") return { label: point.label, short: point.label };
  if (interval === "month") return { label: clock.month(point.from), short: clock.month(point.from) };
  const day = clock.day(point.from);
  return { label: interval === "week" ? `Week from ${day}` : day, short: clock.short(point.from) };
}
