// Small charts: bars for what is counted, a line for what is measured. A chart can be seen, read point by
// point with the arrow keys, and opened as a table; all three show the same values. A point without data is
// a gap, never a zero.

import { h, s } from "./dom.js";
import { roundUp, scaleEnd } from "./format.js";

const WIDTH = 300;
const HEIGHT = 100;
let serial = 0;

/**
 * A chart of `points`, each with its `label` (for reading), `short` (below the axis), `value` (or null), `text`
 * (the value in words) and `n`. `kind` is "bar" or "line"; `unit` is that of the values.
 */
export function chart({ title, unit, column, kind, points }) {
  const values = points.filter((point) => has(point));
  if (values.length === 0) return h("p", { class: "chart-empty" }, "No data in this window");
  const top = roundUp(Math.max(...values.map((point) => point.value)), unit);
  const drawing = draw(kind, points, top, title, summary(points, values));
  const readout = h("p", { class: "readout", "aria-live": "polite" });
  const plot = h("div", { class: "plot", tabindex: 0, role: "group", "aria-label": `${title}: arrow keys read its values` }, drawing.svg);
  follow(plot, drawing.cursor, points, (point) => {
    readout.textContent = point ? sentence(point) : "";
  });
  return h(
    "figure",
    { class: "chart" },
    h("div", { class: "frame" },
      h("div", { class: "y-axis", "aria-hidden": "true" }, h("span", {}, scaleEnd(top, unit)), h("span", {}, "0")),
      plot,
      h("div", { class: "x-axis", "aria-hidden": "true" }, axisLabels(points).map((label) => h("span", {}, label)))),
    h("div", { class: "under-chart" }, readout, table(title, column, points)),
  );
}

function has(point) {
  return point.value !== null && point.value !== undefined;
}

function draw(kind, points, top, title, description) {
  const id = `chart-${(serial += 1)}`;
  const step = WIDTH / points.length;
  const y = (value) => HEIGHT - (value / top) * HEIGHT;
  const cursor = s("rect", { class: "cursor", y: 0, width: step, height: HEIGHT, visibility: "hidden" });
  const shapes = kind === "bar" ? bars(points, step, y) : line(points, step, y);
  const svg = s(
    "svg",
    { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", role: "img", "aria-labelledby": `${id}-title ${id}-text` },
    s("title", { id: `${id}-title` }, title),
    s("desc", { id: `${id}-text` }, description),
    [0, 0.5, 1].map((part) => s("line", { class: "grid", x1: 0, x2: WIDTH, y1: HEIGHT * part, y2: HEIGHT * part })),
    cursor,
    shapes,
  );
  return { svg, cursor };
}

function bars(points, step, y) {
  const gap = Math.min(2, step * 0.25);
  return points.map(({ value }, index) =>
    value
      ? s("rect", { class: "bar", x: index * step + gap / 2, y: y(value), width: step - gap, height: HEIGHT - y(value) })
      : null);
}

// One path: a gap lifts the pen. Dots are lines of length zero with round ends, so that they stay round in a
// drawing that is stretched; where there are many points only a lonely one is seen as a dot.
function line(points, step, y) {
  let path = "";
  let down = false;
  points.forEach((point, index) => {
    if (!has(point)) {
      down = false;
      return;
    }
    const place = `${(index * step + step / 2).toFixed(2)} ${y(point.value).toFixed(2)}`;
    path += down ? `L${place}` : `M${place}h0`;
    down = true;
  });
  const dots = points.length <= 60 && s("path", { class: "dots", d: path.replaceAll("L", "M").replace(/M([^Mh]+)(h0)?/g, "M$1h0") });
  return [s("path", { class: "line", d: path }), dots];
}

// The mouse and the arrow keys move one cursor.
function follow(plot, cursor, points, onPoint) {
  let current = -1;
  const show = (index) => {
    current = index;
    const point = points[index];
    cursor.setAttribute("visibility", point ? "visible" : "hidden");
    if (point) cursor.setAttribute("x", index * (WIDTH / points.length));
    onPoint(point);
  };
  plot.addEventListener("pointermove", (event) => {
    const box = plot.getBoundingClientRect();
    const index = Math.floor(((event.clientX - box.left) / box.width) * points.length);
    if (index !== current && index >= 0 && index < points.length) show(index);
  });
  plot.addEventListener("pointerleave", () => show(-1));
  plot.addEventListener("blur", () => show(-1));
  plot.addEventListener("keydown", (event) => {
    const to = { ArrowLeft: current - 1, ArrowRight: current + 1, Home: 0, End: points.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    show(Math.min(Math.max(to, 0), points.length - 1));
  });
}

function sentence(point) {
  return `${point.label}: ${has(point) ? point.text : "no data"} (n = ${point.n})`;
}

function summary(points, values) {
  const sorted = [...values].sort((one, other) => one.value - other.value);
  return `${points.length} steps from ${points[0].label} to ${points.at(-1).label}. ` +
    `Lowest ${sorted[0].text}, highest ${sorted.at(-1).text}. Last: ${sentence(points.at(-1))}.`;
}

function table(title, column, points) {
  return h(
    "details",
    { class: "table-fallback" },
    h("summary", {}, "Values"),
    h("table", {},
      h("caption", { class: "visually-hidden" }, title),
      h("thead", {}, h("tr", {}, ["From", column, "n"].map((name) => h("th", { scope: "col" }, name)))),
      h("tbody", {}, points.map((point) =>
        h("tr", {},
          h("th", { scope: "row" }, point.label),
          h("td", {}, has(point) ? h("data", { value: point.value }, point.text) : "–"),
          h("td", {}, String(point.n)))))),
  );
}

function axisLabels(points) {
  if (points.length === 1) return [points[0].short];
  if (points.length < 5) return [points[0].short, points.at(-1).short];
  return [points[0].short, points[Math.floor((points.length - 1) / 2)].short, points.at(-1).short];
}
