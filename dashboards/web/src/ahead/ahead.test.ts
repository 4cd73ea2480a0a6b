import { afterEach, beforeEach, expect, it, vi } from "vitest";
import server from "../../../../api/src/web.rs?raw";
import { askAhead, fetchOnce } from "./asked";
import { FILES, pageAt } from "./pages";
import { questionsAt } from "./questions";

const sources = import.meta.glob<string>(["../**/*.{ts,tsx}", "!../**/*.test.ts"], { query: "?raw", import: "default", eager: true });

/** All that is loaded with a file, as files of the application or names of packages: not what it loads later. */
function loadedWith(file: string, found = new Set<string>()): Set<string> {
  if (found.has(file)) return found;
  found.add(file);
  const directory = new URL(`file:///src/ahead/${file}`);
  for (const [, name = ""] of (sources[file] ?? "").matchAll(/^(?:import|export) (?!type )(?:[^;]*? from )?"([^"]+)"/gm)) {
    if (!name.startsWith(".")) {
      found.add(name);
      continue;
    }
    const inSource = new URL(name, directory).pathname.replace(/^\/src\//, "../").replace(/^\.\.\/ahead\//, "./");
    const source = [`${inSource}.ts`, `${inSource}.tsx`, `${inSource}/index.ts`].find((candidate) => candidate in sources);
    if (source !== undefined) loadedWith(source, found);
  }
  return found;
}

it("runs ahead without any library", () => {
  const loaded = [...loadedWith("./main.ts")];
  expect(loaded).toContain("../data/question.ts");
  expect(loaded.filter((name) => !name.startsWith("."))).toEqual([]);
});

it("loads neither charts with axes nor dialogs with the first page", () => {
  const loaded = loadedWith("../start.tsx");
  expect(loaded).toContain("react-dom/client");
  expect(loaded).toContain("../pages/overview.tsx");
  for (const later of ["echarts/core", "../charts/echarts.ts", "../ui/overlay.tsx"]) expect(loaded).not.toContain(later);
});

it("knows the file of every page", () => {
  const list = /const PAGES: &\[&str\] = &\[([^\]]*)\]/.exec(server)?.[1] ?? "";
  const names = [...list.matchAll(/"([a-z]+)"/g)].map(([, name]) => name);
  const paths = names.flatMap((name) => [`/${name}`, `/${name}/a/b`]);
  const found = new Set([...paths, "/sources/connect"].map(pageAt));
  expect(Object.entries(FILES).filter(([, file]) => !found.has(file))).toEqual([]);
  expect(pageAt("/teams")).toBe(FILES.teams);
  expect(pageAt("/teams/Checkout")).toBe(FILES.team);
  expect(pageAt("/sources/github/main")).toBe(FILES.source);
  expect(pageAt("/")).toBeUndefined();
});

const sent = vi.fn<(asked: string | Request) => Promise<Response>>();
const ask = (address: string) => fetchOnce(new Request(`http://sei${address}`));

beforeEach(() => {
  vi.useFakeTimers();
  sent.mockReset().mockImplementation(() => Promise.resolve(new Response("{}")));
  vi.stubGlobal("fetch", sent);
  vi.stubGlobal("location", { origin: "http://sei" });
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

it("asks once what the overview asks, with the filter of the address", async () => {
  const asked = questionsAt("/", { tenant: "demo", service: "web shop", window: "30d" });
  expect(asked).toEqual([
    "/api/v1/dora?tenant=demo&service=web%20shop&window=30d&interval=day&compare=previous&by=team",
    "/api/v1/target-results?tenant=demo&service=web%20shop&window=30d&teams=true",
    "/api/v1/metrics?tenant=demo",
    "/api/v1/teams?tenant=demo&limit=200",
    "/api/v1/services?tenant=demo&limit=200",
  ]);
  asked.forEach(askAhead);
  expect(sent).toHaveBeenCalledTimes(asked.length);
  const { rest } = await import("../data/client");
  const askAgain = () => rest.GET("/api/v1/target-results", { params: { query: { tenant: "demo", service: "web shop", window: "30d", teams: true } } });
  await askAgain();
  expect(sent).toHaveBeenCalledTimes(asked.length);
  await askAgain();
  expect(sent).toHaveBeenCalledTimes(asked.length + 1);
});

it("asks what other pages ask first", () => {
  expect(questionsAt("/developer", { person: "github/ada" })).toContain("/api/v1/me/work?account=github%2Fada");
  expect(questionsAt("/teams/Data%20Platform", { service: "web", window: "365d" })).toContain("/api/v1/dora?team=Data%20Platform&window=365d&compare=previous&by=service");
  expect(questionsAt("/deployments", {})).toEqual(["/api/v1/metrics", "/api/v1/teams?limit=200", "/api/v1/services?limit=200", "/api/v1/tenants?limit=200", "/api/v1/me"]);
});

it("asks again what was asked too long ago, and what would change something", async () => {
  askAhead("/api/v1/me");
  askAhead("/api/v1/teams");
  await fetchOnce(new Request("http://sei/api/v1/me", { method: "POST" }));
  expect(sent).toHaveBeenCalledTimes(3);
  vi.advanceTimersByTime(11_000);
  await ask("/api/v1/teams");
  expect(sent).toHaveBeenCalledTimes(4);
});

it("asks again what failed ahead, as if it had not been asked", async () => {
  sent.mockRejectedValueOnce(new TypeError("Failed to fetch"));
  askAhead("/api/v1/dora");
  await expect(ask("/api/v1/dora")).resolves.toHaveProperty("ok", true);
  sent.mockResolvedValueOnce(new Response(null, { status: 503 }));
  askAhead("/api/v1/dora");
  await expect(ask("/api/v1/dora")).resolves.toHaveProperty("ok", true);
  expect(sent).toHaveBeenCalledTimes(4);
  sent.mockResolvedValueOnce(new Response(null, { status: 404 }));
  askAhead("/api/v1/dora");
  await expect(ask("/api/v1/dora")).resolves.toHaveProperty("status", 404);
  expect(sent).toHaveBeenCalledTimes(5);
});
