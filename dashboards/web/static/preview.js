// What would be measured as if each merge were a deployment: shown where no deployment is known, in the words of the
// server, and never among the metrics.

import { h, sentence } from "./dom.js";
import { count, shown } from "./format.js";

/** The preview of a report. */
export function preview({ label, window, merges, frequency, lead_time: leadTime, services, caveats, remedy }, clock) {
  return h("section", { class: "preview", "aria-labelledby": "preview-title" },
    h("h3", { id: "preview-title" }, "Preview ", h("span", { class: "badge" }, "not measured")),
    h("p", {}, `${label}, ${clock.day(window.from)} – ${clock.day(window.to)}:`),
    h("dl", { class: "facts" },
      fact("Merges", merges, "merge"), fact("Merges a day", frequency, "merge"),
      fact("Median change lead time", leadTime, "change")),
    services.length > 1 && h("ul", {}, services.map(service)),
    h("ul", { class: "caveats", "aria-label": "What to know about the preview" },
      caveats.map(({ code, text }) => h("li", { "data-caveat": code }, sentence(text)))),
    h("p", {}, sentence(remedy)));
}

function fact(name, { name: value, value: exact, text, n }, noun) {
  return h("div", {}, h("dt", {}, name), h("dd", {}, shown(exact, text, { "data-preview": value }),
    h("span", { class: "n" }, " · n = ", h("data", { value: n }, count(n, noun)))));
}

function service({ service: name, merges, frequency, lead_time: leadTime }) {
  return h("li", {}, `${name}: ${count(merges.n, "merge")}, `, shown(frequency.value, frequency.text),
    "; median change lead time ", shown(leadTime.value, leadTime.text));
}
