// The list of production deployments, newest first, with their verdicts. It grows page by page.

import { at, h } from "./dom.js";
import { count } from "./format.js";
import { listParameters } from "./choices.js";
import { get } from "./server.js";

/** The verdicts on a deployment, each with the class of its badge. */
export function verdicts(deployment) {
  const verdict = [];
  if (!deployment.success) verdict.push(["failed", "Failed attempt"]);
  else if (deployment.failed) verdict.push(["failed", deployment.recovered_at ? "Failed, recovered" : "Failed"]);
  if (deployment.kind === "rollback") verdict.push(["rollback", "Rollback"]);
  else if (deployment.rework) verdict.push(["rework", "Rework"]);
  if (deployment.kind === "redeployment") verdict.push(["", "Same commit again"]);
  else if (deployment.kind === "first") verdict.push(["", "First"]);
  else if (deployment.success && !deployment.counted) verdict.push(["", "Not counted"]);
  return verdict.length > 0 ? verdict : [["ok", "OK"]];
}

/** Badges of the verdicts. */
export function badges(deployment) {
  return h("span", { class: "badges" }, verdicts(deployment).map(([kind, words]) => h("span", { class: `badge ${kind}` }, words)));
}

/** What a deployment is called. */
export function nameOf(deployment) {
  return deployment.name ?? deployment.sha?.slice(0, 10) ?? deployment.id;
}

/** Puts the focus on a deployment of the list, if it is there. */
export function focusOn(id) {
  document.querySelector(`[data-deployment="${CSS.escape(id)}"] button.open`)?.focus();
}

/** The list, which `open(deployment)` is called from. */
export class DeploymentList {
  constructor(open) {
    this.open = open;
    this.shown = "";
    this.pages = 0;
  }

  /** Shows the first page, unless it is shown already or a reader has gone further down. */
  async load(choice, clock, fresh, signal) {
    if (!fresh && this.pages > 1) return;
    const answer = await get("/api/v1/deployments", choice.tenant, { ...listParameters(choice), limit: 25 }, signal);
    const now = JSON.stringify(answer);
    if (!fresh && now === this.shown) return;
    this.shown = now;
    this.pages = 1;
    this.draw(answer, choice, clock, signal);
  }

  draw(answer, choice, clock, signal) {
    const place = at("deployments");
    place.setAttribute("aria-busy", "false");
    if (answer.data.length === 0) {
      place.replaceChildren(h("p", { class: "none" }, choice.failed ? "No deployment failed in this window." : "No deployments in this window."));
      return;
    }
    const body = h("tbody", {}, this.rows(answer.data, clock));
    const more = h("button", { type: "button", class: "more", hidden: !answer.next_cursor }, "Show more");
    let cursor = answer.next_cursor;
    more.addEventListener("click", async () => {
      more.disabled = true;
      try {
        const next = await get("/api/v1/deployments", choice.tenant, { ...listParameters(choice), limit: 25, cursor }, signal);
        body.append(...this.rows(next.data, clock));
        this.pages += 1;
        cursor = next.next_cursor;
        more.hidden = !cursor;
      } catch (refusal) {
        if (!signal.aborted) more.after(h("p", { class: "none", role: "alert" }, refusal.message));
      }
      more.disabled = false;
    });
    const names = ["Deployment", "Verdict", "Service", "Finished", "Commits", "Changes"];
    const head = h("thead", {}, h("tr", {}, names.map((name, index) => h("th", { scope: "col", class: index > 3 ? "number" : null }, name))));
    // a redrawn list keeps the focus on the same deployment
    const focused = document.activeElement?.closest("[data-deployment]")?.dataset.deployment;
    place.replaceChildren(h("table", {}, head, body), more);
    if (focused) focusOn(focused);
  }

  rows(deployments, clock) {
    return deployments.map((deployment) =>
      h("tr", { "data-deployment": deployment.id },
        h("th", { scope: "row" },
          h("button", { type: "button", class: "open", click: () => this.open(deployment),
            "aria-label": `Why ${nameOf(deployment)} counts as it does` }, nameOf(deployment))),
        h("td", {}, badges(deployment)),
        h("td", { class: "wide" }, deployment.service),
        h("td", { class: "wide" }, clock.moment(deployment.finished_at)),
        h("td", { class: "number", "data-label": "Commits" }, String(deployment.commits)),
        h("td", { class: "number", "data-label": "Changes", title: count(deployment.changes, "change") }, String(deployment.changes))));
  }
}
