// What the page shows: tenant, service or team, window, interval, benchmark. It is kept in the address, so
// that a view can be sent to others and survives a reload.

import { at, h } from "./dom.js";

const WINDOWS = [["30d", "30 days"], ["90d", "90 days"], ["180d", "180 days"], ["365d", "365 days"], ["all", "All"]];
const INTERVALS = [["", "Automatic"], ["day", "Day"], ["week", "Week"], ["month", "Month"]];
const BENCHMARKS = ["2025", "2024", "2023", "2022", "2021", "2019"];
const AUTOMATIC = { "30d": "day", "90d": "week", "180d": "week", "365d": "month", all: "month" };
const DEFAULTS = { tenant: "main", service: "", team: "", window: "90d", interval: "", benchmark: "2025", failed: "" };

/** What is chosen now, from the address. */
export function chosen() {
  const query = new URLSearchParams(location.search);
  const choice = Object.fromEntries(Object.entries(DEFAULTS).map(([name, value]) => [name, query.get(name) ?? value]));
  if (!(choice.window in AUTOMATIC)) choice.window = DEFAULTS.window;
  return choice;
}

/** Changes some of it, in the address. */
export function choose(changes) {
  const choice = { ...chosen(), ...changes };
  const kept = Object.entries(choice).filter(([name, value]) => value !== DEFAULTS[name]);
  const query = new URLSearchParams(kept).toString();
  history.replaceState(null, "", (query ? `?${query}` : location.pathname) + location.hash);
}

/** The parameters of a report. */
export function reportParameters({ service, team, window, interval, benchmark }) {
  return { service, team, window, interval: interval || AUTOMATIC[window], benchmark };
}

/** The parameters of the list of deployments. */
export function listParameters({ service, team, window, failed }) {
  return { service, team, window, failed };
}

/** Fills what does not depend on data, and calls `changed` after each choice. */
export function prepare(changed) {
  const now = chosen();
  at("window").replaceChildren(...WINDOWS.map(([value, name]) =>
    h("label", {}, h("input", { type: "radio", name: "window", value, checked: value === now.window }), h("span", {}, name))));
  at("interval").replaceChildren(...INTERVALS.map(([value, name]) => option(value, name, now.interval)));
  at("benchmark").replaceChildren(...BENCHMARKS.map((year) => option(year, year, now.benchmark)));
  at("failed").checked = now.failed === "true";
  const on = (id, read) => at(id).addEventListener("change", (event) => {
    choose(read(event.target));
    changed();
  });
  on("window", (input) => ({ window: input.value }));
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
