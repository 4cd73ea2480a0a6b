// Why a deployment counts as it does: its verdict with the evidence, what it carried, and how long each
// change waited where. Opened from the list, or by the address (#deployment=<id>).

import { at, h, link, s, sentence } from "./dom.js";
import { count, duration, shown } from "./format.js";
import { badges, focusOn, nameOf } from "./deployments.js";
import { get } from "./server.js";

const STAGES = ["coding", "pickup", "review", "deploy"];

let asking = null;
let openedFor = null;

/** Opens the panel for a deployment. Its head stays while the rest is loaded, and with it the focus. */
export async function openDetail(id, service, tenant, clock) {
  asking?.abort();
  const { signal } = (asking = new AbortController());
  const dialog = at("detail");
  const title = h("h2", { id: "detail-title", tabindex: -1 }, "Deployment");
  const close = h("button", { type: "button", class: "close", click: () => dialog.close() }, "Close");
  const content = h("div", { "aria-busy": "true" }, h("p", { class: "soft" }, "Loading …"));
  dialog.replaceChildren(h("div", { class: "detail" }, h("div", { class: "detail-head" }, title, close), content));
  if (!dialog.open) {
    openedFor = id;
    dialog.addEventListener("close", left, { once: true });
    dialog.showModal();
  }
  title.focus();
  dialog.scrollTop = 0;
  try {
    const { data } = await get(`/api/v1/deployments/${encodeURIComponent(id)}`, tenant, {}, signal);
    const found = data.deployments.find((one) => one.service === service) ?? data.deployments[0];
    title.textContent = found ? (found.deployment ? nameOf(found.deployment) : found.id) : data.asked;
    content.replaceChildren(...(found ? explained(found, tenant, clock) : candidates(data)));
  } catch (refusal) {
    if (!signal.aborted) content.replaceChildren(h("p", { role: "alert" }, refusal.message));
  }
  content.setAttribute("aria-busy", "false");
}

/** Closes the panel, if it is open. */
export function closeDetail() {
  at("detail").close();
}

// The browser gives the focus back to what had it; a list that was redrawn meanwhile has another button.
function left() {
  asking?.abort();
  if (document.activeElement === document.body || document.activeElement === null) focusOn(openedFor);
}

function candidates(data) {
  return [h("p", {}, "Several things could be meant:"),
    h("ul", {}, data.candidates.map((one) => h("li", {}, `${one.what} ${one.id}: ${one.title}`)))];
}

function explained(found, tenant, clock) {
  const deployment = found.deployment;
  const open = (id) => openDetail(id, found.service, tenant, clock);
  return [
    deployment && badges(deployment),
    deployment && facts(found, deployment, tenant, clock),
    found.why.length > 0 && h("h3", {}, "Why it counts as it does"),
    found.why.length > 0 && h("ul", { class: "evidence" }, found.why.map((text) => h("li", {}, sentence(text)))),
    deployment && evidence("Why it failed", deployment.failed_by, clock, open),
    deployment && evidence("What recovered it", [deployment.recovered_by].filter(Boolean), clock, open),
    deployment && evidence("Why it is rework", deployment.rework_by, clock, open),
    found.findings.length > 0 && h("h3", {}, "Noticed about the data"),
    found.findings.length > 0 && h("ul", { class: "evidence" }, found.findings.map((finding) => h("li", {}, sentence(finding.detail)))),
    ...carried(found, clock),
  ].filter(Boolean);
}

function facts(found, deployment, tenant, clock) {
  const previous = found.previous;
  const rows = [
    ["Service", found.service],
    ["Finished", clock.moment(deployment.finished_at)],
    ["Measured by", deployment.environment ? `${deployment.source}, environment ${deployment.environment}` : deployment.source],
    ["Commit", deployment.sha && h("code", {}, deployment.sha)],
    ["Carried", `${count(deployment.commits, "commit")}, ${count(deployment.changes, "change")}`],
    ["Recovered", deployment.recovered_at && clock.moment(deployment.recovered_at)],
    ["Before it ran", previous && h("button", { type: "button", class: "open", click: () => openDetail(previous.id, previous.service, tenant, clock) }, nameOf(previous))],
    ["Id", deployment.url ? link(deployment.url, deployment.id) : deployment.id],
  ];
  return h("dl", { class: "facts" }, rows.filter(([, value]) => value).map(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]));
}

function evidence(title, pieces, clock, open) {
  if (pieces.length === 0) return null;
  return h("div", {}, h("h3", {}, title), h("ul", { class: "evidence" }, pieces.map((piece) =>
    h("li", { "data-rule": piece.rule }, reason(piece, open), " ", clock.moment(piece.at)))));
}

// The sentence of the engine; what it names is a link, where that has an address or is a deployment.
function reason({ what, id, url, reason = `${what} ${id}` }, open) {
  const at = reason.toLowerCase().indexOf(`${what} ${id}`.toLowerCase());
  if (at < 0) return sentence(reason);
  const place = at + what.length + 1;
  const named = what === "deployment" ? h("button", { type: "button", class: "open", click: () => open(id) }, id) : link(url, id);
  return [sentence(reason.slice(0, place)), named, sentence(reason.slice(place + id.length))];
}

function carried(found, clock) {
  const parts = [];
  if (found.changes.length > 0) {
    parts.push(h("h3", {}, "What it carried"), legend(), h("ul", { class: "carried" }, found.changes.map((change) => oneChange(change, clock))));
  }
  if (found.commits.length > 0) {
    parts.push(h("h3", {}, "Its commits"), h("details", {}, h("summary", {}, count(found.commits.length, "commit")),
      h("ul", { class: "evidence" }, found.commits.map((commit) => h("li", {}, h("code", {}, commit.sha.slice(0, 10)), ` ${commit.subject}`)))));
  }
  if (found.shortened) {
    parts.push(h("p", { class: "soft" }, "It carried more than is shown here; ", h("code", {}, "/api/v1/changes?deployment="), " has all of it."));
  }
  return parts;
}

function legend() {
  return h("ul", { class: "legend" }, STAGES.map((stage) => h("li", { class: stage }, stage)));
}

function oneChange(change, clock) {
  const number = change.is_commit ? change.id.split("@").at(-1).slice(0, 10) : change.id.split("#").at(-1);
  return h(
    "li",
    {},
    h("div", { class: "title" }, change.title || "(no title)"),
    h("div", { class: "under" },
      h("span", {}, change.is_commit ? h("code", {}, number) : `#${number}`),
      change.author && h("span", {}, change.author),
      h("span", {}, "lead time ", shown(change.lead_time_seconds, change.lead_time_seconds !== null && duration(change.lead_time_seconds))),
      change.started_at && h("span", {}, "begun ", clock.moment(change.started_at)),
      change.excluded && h("span", {}, "left out of lead time")),
    stages(change.stages),
  );
}

// Widths are shares of the time that is known; a stage that is not known is not drawn.
function stages(times) {
  const known = STAGES.map((name) => [name, times[`${name}_seconds`]]).filter(([, seconds]) => seconds !== null && seconds >= 0);
  const total = known.reduce((sum, [, seconds]) => sum + seconds, 0);
  if (known.length === 0 || total === 0) return null;
  const words = known.map(([name, seconds]) => `${name} ${duration(seconds)}`).join(", ");
  let x = 0;
  return h("div", { class: "stages" },
    s("svg", { viewBox: "0 0 100 10", preserveAspectRatio: "none", role: "img", "aria-label": words }, known.map(([name, seconds]) => {
      const width = (seconds / total) * 100;
      const part = s("rect", { class: name, x, width, height: 10 });
      x += width;
      return part;
    })),
    h("div", { class: "under" }, known.map(([name, seconds]) => h("span", {}, `${name} `, h("data", { value: seconds }, duration(seconds))))));
}
