// The page: reads what is chosen, asks the server, shows the answer, and asks again every half minute while
// someone looks.

import { cards, skeletons } from "./cards.js";
import { chosen, offerServices, offerTenants, prepare, reportParameters, showChosen } from "./choices.js";
import { DeploymentList } from "./deployments.js";
import { closeDetail, openDetail } from "./detail.js";
import { at, h, sentence } from "./dom.js";
import { clock, count, digits } from "./format.js";
import { preview } from "./preview.js";
import { all, get } from "./server.js";

const EVERY = 30_000;

let running = null;
let shownReport = "";
let shownServices = "";
let loadedAt = 0;
let time = clock("UTC");

const list = new DeploymentList((deployment) => {
  history.pushState(null, "", `${location.pathname}${location.search}#deployment=${encodeURIComponent(deployment.id)}`);
  openDetail(deployment.id, deployment.service, chosen().tenant, time);
});

/** Asks for everything that is chosen. `fresh` is true when something else was chosen than what is shown. */
async function load(fresh) {
  running?.abort();
  running = new AbortController();
  const { signal } = running;
  const choice = chosen();
  if (fresh) waiting();
  try {
    const tenants = await all("/api/v1/tenants", "main", 10, signal);
    offerTenants(tenants);
    const [answer, services] = await Promise.all([
      get("/api/v1/dora", choice.tenant, reportParameters(choice), signal),
      all("/api/v1/services", choice.tenant, 10, signal),
    ]);
    show(answer, services, choice, tenants.find(({ demo }) => demo)?.name);
    await list.load(choice, time, fresh, signal);
    loadedAt = Date.now();
    at("updated").textContent = `Updated ${new Date().toLocaleTimeString("en-GB")}. Days are cut in ${answer.data.time_zone}.`;
    at("problem").hidden = true;
    openAsked();
  } catch (error) {
    if (!signal.aborted) failed(error);
  }
}

function waiting() {
  at("cards").setAttribute("aria-busy", "true");
  at("deployments").setAttribute("aria-busy", "true");
  if (at("cards").childElementCount === 0) at("cards").replaceChildren(...skeletons());
  shownReport = "";
}

function failed(error) {
  const again = h("button", { type: "button", click: () => load(true) }, "Try again");
  const stale = loadedAt > 0 ? ` What is shown is of ${new Date(loadedAt).toLocaleTimeString("en-GB")}.` : "";
  at("problem").replaceChildren(`${error.message}${stale}`, again);
  at("problem").hidden = false;
  at("cards").setAttribute("aria-busy", "false");
  at("deployments").setAttribute("aria-busy", "false");
  if (loadedAt === 0) at("cards").replaceChildren();
}

function show(answer, services, choice, demo) {
  at("demo").hidden = !answer.demo;
  if (JSON.stringify([choice, services]) !== shownServices) {
    shownServices = JSON.stringify([choice, services]);
    offerServices(services);
  }
  // The window moves on with the clock. What did not change otherwise stays, with the reader's place in it.
  const now = JSON.stringify([answer, demo], (name, value) => (["from", "to", "computed_at"].includes(name) ? undefined : value));
  if (now === shownReport) return;
  shownReport = now;
  const report = answer.data;
  time = clock(report.time_zone);
  const nothing = report.services.every((service) => service.deployments === 0);
  keepingFocus(() => at("cards").replaceChildren(...(nothing ? [] : cards(report, time))));
  at("cards").setAttribute("aria-busy", "false");
  document.querySelector(".deployments").hidden = nothing;
  at("empty").hidden = !nothing;
  at("empty").replaceChildren(...(nothing ? emptiness(report, demo) : []));
  at("summary").replaceChildren(...summary(report, nothing));
}

// A redrawn card keeps the focus on the same part.
function keepingFocus(draw) {
  const card = document.activeElement?.closest("[data-metric]")?.dataset.metric;
  const part = document.activeElement?.matches(".plot") ? ".plot" : "summary";
  draw();
  if (card) document.querySelector(`[data-metric="${card}"] ${part}`)?.focus({ preventScroll: true });
}

function summary(report, nothing) {
  const { overall, throughput, stability, group_name: group } = report.quick_check;
  const score = (name, { score }) => score !== null && h("span", {}, `${name} `, h("strong", {}, h("data", { value: score }, digits(score))));
  const mean = overall.benchmark?.mean;
  return [
    !nothing && h("span", {}, h("strong", {}, `${time.day(report.window.from)} – ${time.day(report.window.to)}`)),
    h("span", {}, count(report.services.length, "service")),
    score("Quick Check", overall),
    score("throughput", throughput),
    score("stability", stability),
    overall.score !== null && mean !== undefined && h("span", {}, `of 10; ${group}: ${digits(mean)}`),
    ...(nothing ? [] : report.statements.map((text) => h("p", { class: "note" }, sentence(text)))),
    report.findings.length > 0 && findings(report.findings),
  ].filter(Boolean);
}

function findings(kinds) {
  const total = kinds.reduce((sum, kind) => sum + kind.n, 0);
  return h("details", { class: "findings" }, h("summary", {}, `${count(total, "finding")} about the data`),
    h("ul", {}, kinds.map((kind) => h("li", {}, `${kind.kind.replaceAll("_", " ")}: ${kind.n}. ${kind.example}`))));
}

// Nothing to measure: say so, and what to do about it. `demo` is the tenant of the demo, where it is loaded.
function emptiness(report, demo) {
  if (report.services.length === 0) {
    return [
      h("h2", {}, "Nothing has been collected yet"),
      h("p", {}, "Point sei at a repository, and its metrics appear here within seconds:"),
      h("pre", {}, "sei collect git /path/or/url"),
      ...demoOffer(demo),
    ];
  }
  return [
    h("h2", {}, "There are no production deployments"),
    ...report.statements.map((text) => h("p", {}, sentence(text))),
    ...(report.preview ? [preview(report.preview, time)] : demoOffer(demo)),
    h("p", {}, "Deployments come from version tags, from a branch whose merges are deployments, or from events:"),
    h("pre", {}, [
      "[[source]]",
      'connector = "git"',
      "[source.pull]",
      'urls = ["/path/or/url"]',
      "tag_pattern = '^v\\d+'           # tags that are deployments",
      'deployment_branch = "main"      # or: each merge to this branch',
    ].join("\n")),
  ];
}

function demoOffer(demo) {
  return demo
    ? [h("p", {}, "Or look at ", h("a", { href: `?tenant=${encodeURIComponent(demo)}` }, "the demo"), ", an invented organization.")]
    : [h("p", {}, "Or look at made-up data first, in a tenant of its own:"), h("pre", {}, "sei demo load")];
}

// The address may name a deployment.
let openedFromAddress = false;
function openAsked() {
  const id = asked();
  if (!openedFromAddress && id) openDetail(id, chosen().service, chosen().tenant, time);
  openedFromAddress = true;
}

function asked() {
  return new URLSearchParams(location.hash.slice(1)).get("deployment");
}

at("detail").addEventListener("close", () => {
  if (asked()) history.replaceState(null, "", location.pathname + location.search);
});
at("detail").addEventListener("click", (event) => {
  if (event.target === at("detail")) at("detail").close();
});

// Back and Forward: what the address says now is chosen, and the panel is open if it names a deployment.
let search = location.search;
addEventListener("popstate", () => {
  const id = asked();
  if (id) openDetail(id, chosen().service, chosen().tenant, time);
  else closeDetail();
  if (location.search === search) return;
  search = location.search;
  showChosen();
  load(true);
});

const refresh = () => {
  if (document.visibilityState === "visible" && Date.now() - loadedAt >= EVERY) load(false);
};
document.addEventListener("visibilitychange", refresh);
// an answer that is no longer awaited is not requested
addEventListener("pagehide", () => running?.abort());
addEventListener("pageshow", (event) => event.persisted && load(false));
setInterval(refresh, 1000 + EVERY);
prepare(() => {
  search = location.search;
  load(true);
});
load(true);
