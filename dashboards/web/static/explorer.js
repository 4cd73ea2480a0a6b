// A small explorer for GraphQL: write a query, run it, read the schema. It is our own, so that it works
// without the internet and under a policy that loads nothing from elsewhere.

import { at, h, sentence } from "./dom.js";

const EXAMPLES = {
  "The five metrics": `query Metrics($service: String) {
  dora(question: { window: "90d", interval: WEEK, service: $service }) {
    window { from to }
    changeLeadTime { value unit text n level score }
    deploymentFrequency { value unit text n level }
    changeFailRate { value text n level }
    failedDeploymentRecoveryTime { value text n level }
    deploymentReworkRate { value text n }
    statements
  }
}`,
  "A series": `{
  dora(question: { window: "180d", interval: MONTH }) {
    changeLeadTime { series { label value n } }
  }
}`,
  "Failed deployments": `query Failed($after: String) {
  deployments(first: 10, after: $after, question: { failed: true }) {
    nodes { key service { name } finishedAt failedBy { rule what id at } recoveredAt incidents { nodes { title } } }
    pageInfo { hasNextPage endCursor }
  }
}`,
  "Deployments with their changes and reviews": `{
  deployments(first: 5) {
    nodes {
      name finishedAt
      changes(first: 10) {
        nodes { title author { name } reviews(first: 3) { nodes { state reviewer { name } } } }
      }
    }
  }
}`,
  "Open changes, the longest open first": `{
  changes(first: 20, question: { states: [OPEN], sort: OLDEST }) {
    totalCount
    nodes { key title ageSeconds author { name } reviews(first: 5) { nodes { state } } }
  }
}`,
  "Deployed changes and their stages": `{
  deployedChanges(first: 10) {
    nodes { key title leadTimeSeconds stages { codingSeconds pickupSeconds reviewSeconds deploySeconds } }
  }
}`,
  "Metrics compared with the period before": `{
  metrics(names: ["change_lead_time", "deployment_frequency"], question: { window: "30d", compare: PREVIOUS }) {
    metric { title } level score whole { text n compared { text change } }
  }
}`,
  "Teams and their services": `{
  organization {
    teams { nodes { name children { nodes { name } } services { nodes { name deploymentCount lastDeploymentAt } } } }
  }
}`,
};

const SCHEMA = `{ __schema { types { name kind description
  fields { name description args { name description type { ...T } } type { ...T } }
  enumValues { name description } } } }
fragment T on __Type { name kind ofType { name kind ofType { name kind ofType { name kind } } } }`;

let me;

/** What requests of this session repeat, so that no other site can send them. */
async function csrf() {
  me ??= fetch("/api/v1/me").then((response) => response.json());
  return (await me).csrf ?? "";
}

async function ask(query, variables) {
  const response = await fetch("/graphql", {
    method: "POST",
    headers: {
      "content-type": "application/json",
      "sei-csrf": await csrf(),
      "sei-tenant": at("tenant").value || "main",
    },
    body: JSON.stringify({ query, variables }),
  });
  return response.json();
}

async function run() {
  const begun = performance.now();
  at("answer").textContent = "…";
  try {
    const variables = JSON.parse(at("variables").value || "{}");
    at("answer").textContent = JSON.stringify(await ask(at("query").value, variables), null, 2);
  } catch (error) {
    at("answer").textContent = String(error);
  }
  at("took").textContent = `${Math.round(performance.now() - begun)} ms`;
}

function written(type) {
  if (type.kind === "NON_NULL") return `${written(type.ofType)}!`;
  if (type.kind === "LIST") return `[${written(type.ofType)}]`;
  return type.name;
}

function innermost(type) {
  return type.ofType ? innermost(type.ofType) : type.name;
}

function showType(types, name) {
  const type = types.find((one) => one.name === name);
  at("type").value = name;
  const go = (of) => h("button", { type: "button", class: "open", click: () => showType(types, innermost(of)) }, written(of));
  const fields = (type.fields ?? []).map((field) =>
    h("li", {},
      h("code", {}, field.name), ": ", go(field.type),
      field.description && h("div", { class: "soft" }, sentence(field.description)),
      field.args.length > 0 && h("ul", { class: "evidence" }, field.args.map((arg) =>
        h("li", {}, h("code", {}, arg.name), ": ", go(arg.type), arg.description && h("span", { class: "soft" }, " ", sentence(arg.description)))))));
  const values = (type.enumValues ?? []).map((value) => h("li", {}, h("code", {}, value.name), h("span", { class: "soft" }, ` ${value.description ?? ""}`)));
  at("fields").replaceChildren(
    ...[type.description && h("p", {}, sentence(type.description)), h("ul", { class: "carried" }, fields, values)].filter(Boolean));
}

async function schema() {
  const { data } = await ask(SCHEMA);
  const types = data.__schema.types.filter((type) => !type.name.startsWith("__")).sort((a, b) => a.name.localeCompare(b.name));
  at("type").replaceChildren(...types.map((type) => h("option", {}, type.name)));
  at("type").addEventListener("change", () => showType(types, at("type").value));
  showType(types, "Query");
}

async function tenants() {
  const { data: rows } = await (await fetch("/api/v1/tenants?limit=200")).json();
  at("tenant").replaceChildren(...rows.map(({ name, demo }) => h("option", { value: name, selected: name === "main" }, demo ? `${name} (demo data)` : name)));
}

at("example").replaceChildren(...Object.keys(EXAMPLES).map((name) => h("option", {}, name)));
at("example").addEventListener("change", () => {
  at("query").value = EXAMPLES[at("example").value];
});
at("query").value = EXAMPLES["The five metrics"];
at("run").addEventListener("click", run);
document.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) run();
});
await tenants();
await schema();
