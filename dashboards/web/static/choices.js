// What the page shows: tenant, service or team, window, interval, benchmark. It is kept in the address, so
// that a view can be sent to others, survives a reload, and Back undoes a choice.

import { at, h } from "./dom.js";

const WINDOWS = [["30d", "30 days"], ["90d", "90 days"], ["180d", "180 days"], ["365d", "365 days"], ["all", "All"]];
const INTERVALS = [["", "Automatic"], ["day", "Day"], ["week", "Week"], ["month", "Month"], ["quarter", "Quarter"], ["year", "Year"]];
const BENCHMARKS = ["2025", "2024", "2023", "2022", "2021", "2019"];
const DEFAULTS = { tenant: "main", service: "", team: "", window: "90d", from: "", to: "", interval: "", benchmark: "2025", failed: "" };

/** What is chosen now, from the address. `from` and `to` stand in place of a window. */
export function chosen() {
  const query = new URLSearchParams(location.search);
  const choice = Object.fromEntries(Object.entries(DEFAULTS).map(([name, value]) => [name, query.get(name) || value]));
  if (choice.from || choice.to) choice.window = "";
  return choice;
}

/** Changes some of it, in the address: a step that Back undoes. */
export function choose(changes) {
  const choice = { ...chosen(), ...changes };
  const kept = Object.entries(choice).filter(([name, value]) => value !== "" && value !== DEFAULTS[name]);
  const query = new URLSearchParams(kept).toString();
  history.pushState(null, "", (query ? `?${query}` : location.pathname) + location.hash);
}

/** The parameters of a report. The server chooses an interval by the length of the window; 30 days have days. */
export function reportParameters({ service, team, window, from, to, interval, benchmark }) {
  return { service, team, window, from, to, interval: interval || (window === "30d" ? "day" : ""), benchmark };
}

/** The parameters of the list of deployments. */
export function listParameters({ service, team, window, from, to, failed }) {
  return { service, team, window, from, to, failed };
}

/** Fills what does not depend on data, and calls `changed` after each choice. */
export function prepare(changed) {
  at("interval").replaceChildren(...INTERVALS.map(([value, name]) => option(value, name)));
  at("benchmark").replaceChildren(...BENCHMARKS.map((year) => option(year, year)));
  showChosen();
  const on = (id, read) => at(id).addEventListener("change", (event) => {
    choose(read(event.target));
    changed();
  });
  on("window", (input) => ({ window: input.value, from: "", to: "" }));
  on("interval", (select) => ({ interval: select.value }));
  on("benchmark", (select) => ({ benchmark: select.value }));
  on("failed", (box) => ({ failed: box.checked ? "true" : "" }));
  on("tenant", (select) => ({ tenant: select.value, service: "", team: "" }));
  on("service", (select) => {
    const [kind, ...name] = select.value.split(":");
    return { service: "", team: "", ...(kind ? { [kind]: name.join(":") } : {}) };
  });
  at("choices").addEventListener("submit", (event) => event.preventDefault());
}

/** Lets the controls show what the address says, without taking the focus from any of them. */
export function showChosen() {
  const now = chosen();
  const offered = WINDOWS.some(([value]) => value === now.window) ? WINDOWS : [...WINDOWS, [now.window, windowName(now)]];
  const shown = [...at("window").querySelectorAll("input")].map((input) => input.value).join();
  if (shown !== offered.map(([value]) => value).join() || now.window === "") {
    at("window").replaceChildren(...offered.map(([value, name]) =>
      h("label", {}, h("input", { type: "radio", name: "window", value }), h("span", {}, name))));
  }
  for (const input of at("window").querySelectorAll("input")) input.checked = input.value === now.window;
  at("interval").value = now.interval;
  at("benchmark").value = now.benchmark;
  at("failed").checked = now.failed === "true";
}

// A window that is not offered, in words: `45 days`, `2026-01-01 – 2026-04-01`.
function windowName({ window, from, to }) {
  if (window) return window.replace(/^(\d+)d$/, "$1 days");
  return `${from || "…"} – ${to || "now"}`;
}

/** The tenants, as the server knows them. */
export function offerTenants(tenants) {
  const { tenant } = chosen();
  const known = tenants.some(({ name }) => name === tenant) ? tenants : [...tenants, { name: tenant, demo: false }];
  at("tenant").replaceChildren(...known.map(({ name, demo }) => option(name, demo ? `${name} (demo data)` : name, tenant)));
}

/** Teams and services, as the server knows them. */
export function offerServices(services) {
  const { service, team } = chosen();
  const now = service ? `service:${service}` : team ? `team:${team}` : "";
  const teams = [...new Set(services.map((row) => row.team).filter(Boolean))].sort();
  const names = services.map((row) => row.name);
  if (service && !names.includes(service)) names.push(service);
  if (team && !teams.includes(team)) teams.push(team);
  const group = (label, kind, values) =>
    values.length > 0 && h("optgroup", { label }, values.map((name) => option(`${kind}:${name}`, name, now)));
  at("service").replaceChildren(
    ...[option("", "All services", now), group("Teams", "team", teams), group("Services", "service", names)].filter(Boolean));
}

function option(value, name, selected) {
  return h("option", { value, selected: value === selected }, name);
}
