// Checks the files that Grafana is provisioned with, `node check.js DIRECTORY`: each becomes a program of TypeScript that
// states of which type it is, which the compiler then checks. What is there and is not declared is an error, too.
import { readFileSync, readdirSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { parse } from "yaml";

const here = dirname(fileURLToPath(import.meta.url));
const directory = process.argv[2];
const sources = new Map();
const faults = [];

/** The statements of one file. */
class Statements {
  #lines = ['import type * as types from "./types";'];
  #number = 0;

  constructor(name) {
    this.name = name;
  }

  /** States that a value is of a type. */
  is(type, value, what) {
    this.#lines.push(`// ${what}`, `export const v${this.#number++}: ${type} = ${JSON.stringify(value)};`);
  }

  end() {
    sources.set(join(here, `${this.name}.ts`), this.#lines.join("\n"));
  }
}

function checkPanel(statements, panel) {
  const { options, fieldConfig, targets, ...rest } = panel;
  const what = `panel ${panel.id} "${panel.title}"`;
  const kind = `types.Kinds[${JSON.stringify(panel.type)}]`;
  statements.is("types.AnyPanel", rest, what);
  statements.is(`${kind}["options"]`, options, `options of ${what}`);
  statements.is(`${kind}["defaults"]`, fieldConfig.defaults, `defaults of ${what}`);
  for (const { matcher, properties, ...other } of fieldConfig.overrides) {
    const column = `${matcher.options} of ${what}`;
    if (matcher.id !== "byName" || Object.keys(other).length > 0) faults.push(`${column}: an override of another form`);
    const set = properties.map(({ id, value }) => [id, value]);
    const custom = set.filter(([id]) => id.startsWith("custom.")).map(([id, value]) => [id.slice("custom.".length), value]);
    statements.is(`${kind}["custom"]`, Object.fromEntries(custom), `custom of ${column}`);
    const plain = set.filter(([id]) => !id.startsWith("custom."));
    statements.is("Partial<types.Overrides>", Object.fromEntries(plain), column);
    if (new Set(set.map(([id]) => id)).size !== set.length) faults.push(`${column}: a property is set twice`);
  }
  for (const target of targets) {
    statements.is("rawSql" in target ? "types.SqlQuery" : "types.PromQuery", target, `question of ${what}`);
  }
}

function checkDashboard(file) {
  const name = basename(file, ".json");
  const { panels, ...rest } = JSON.parse(readFileSync(file, "utf8"));
  const statements = new Statements(`dashboard-${name}`);
  statements.is("types.Dashboard", rest, "the dashboard");
  for (const panel of panels) checkPanel(statements, panel);
  statements.end();
  const ids = panels.map(({ id }) => id);
  if (new Set(ids).size !== ids.length) faults.push(`${name}: two panels have the same number`);
  for (const [nth, { gridPos: one, title }] of panels.entries()) {
    if (one.x + one.w > 24) faults.push(`${name}: ${title} is wider than the grid`);
    for (const { gridPos: other, title: second } of panels.slice(nth + 1)) {
      const areSeparate = one.x + one.w <= other.x || other.x + other.w <= one.x || one.y + one.h <= other.y || other.y + other.h <= one.y;
      if (!areSeparate) faults.push(`${name}: ${title} and ${second} overlap`);
    }
  }
}

const files = (...path) => readdirSync(join(directory, ...path)).map((name) => join(directory, ...path, name));
const dashboards = files("dashboards");
dashboards.forEach(checkDashboard);
for (const [kind, type] of [["datasources", "DatasourceFile"], ["dashboards", "ProviderFile"], ["alerting", "AlertFile"]]) {
  for (const file of files("provisioning", kind)) {
    const statements = new Statements(`${kind}-${basename(file, ".yaml")}`);
    statements.is(`types.${type}`, parse(readFileSync(file, "utf8")), file);
    statements.end();
  }
}

const options = { strict: true, noEmit: true, module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022, skipLibCheck: true, moduleResolution: ts.ModuleResolutionKind.Bundler, types: [] };
const host = ts.createCompilerHost(options);
const { fileExists, getSourceFile, readFile } = host;
host.fileExists = (name) => sources.has(name) || fileExists.call(host, name);
host.readFile = (name) => sources.get(name) ?? readFile.call(host, name);
host.getSourceFile = (name, version, ...rest) =>
  sources.has(name) ? ts.createSourceFile(name, sources.get(name), version) : getSourceFile.call(host, name, version, ...rest);
const program = ts.createProgram([...sources.keys()], options, host);
for (const diagnostic of ts.getPreEmitDiagnostics(program)) {
  const text = ts.flattenDiagnosticMessageText(diagnostic.messageText, "\n  ");
  if (!diagnostic.file) {
    faults.push(text);
    continue;
  }
  const { line } = diagnostic.file.getLineAndCharacterOfPosition(diagnostic.start ?? 0);
  const what = diagnostic.file.text.split("\n")[line - 1] ?? "";
  faults.push(`${basename(diagnostic.file.fileName, ".ts")}, ${what.replace("// ", "")}: ${text}`);
}
if (faults.length > 0) {
  console.error(faults.join("\n"));
  process.exit(1);
}
console.log(`${dashboards.length} dashboards and ${sources.size - dashboards.length} files of provisioning are of the types of Grafana`);
