import { expect, it } from "vitest";
import { againstTeam, answersAgainst, reportAgainst, wholeAgainst } from "./team-comparison";
import type { MetricAnswer, Report } from "./types";

const window = { from: "2026-01-01T00:00:00Z", to: "2026-02-01T00:00:00Z" };

function part(slice: string | null, value: number | null) {
  return { slice, value, text: null, n: 5, compared: null, caveats: [], values: [], series: [] };
}

function answer(by: string | null, whole: number | null, slices: [string, number][] = []): MetricAnswer {
  return { metric: { name: "review_time" }, window, by, whole: part(null, whole), slices: slices.map(([slice, value]) => part(slice, value)) } as unknown as MetricAnswer;
}

it("compares a value with that of another team over the same window", () => {
  const found = againstTeam({ value: 60, n: 3 }, { value: 40, text: "40 s", n: 4 }, window, "Catalog");
  expect(found).toEqual({ window, team: "Catalog", value: 40, text: "40 s", n: 4, difference: 20, change: 0.5 });
});

it("has no comparison where a value is missing, and no change from 0", () => {
  expect(againstTeam({ value: null, n: 0 }, { value: 40, n: 4 }, window, "Catalog")).toBeNull();
  expect(againstTeam({ value: 60, n: 3 }, { value: null, n: 0 }, window, "Catalog")).toBeNull();
  expect(againstTeam({ value: 60, n: 3 }, undefined, window, "Catalog")).toBeNull();
  expect(againstTeam({ value: 60, n: 3 }, { value: 0, n: 4 }, window, "Catalog")?.change).toBeNull();
});

it("compares each team with the other one, and not that one with itself", () => {
  const [found] = answersAgainst([answer("team", 50, [["Catalog", 40], ["Identity", 80]])], [answer("team", 40)], "Catalog");
  expect(found?.whole.compared?.change).toBe(0.25);
  expect(found?.slices.map(({ compared }) => compared?.change ?? null)).toEqual([null, 1]);
});

it("compares slices with those of the same name, but not services, which no other team has", () => {
  const types = answersAgainst([answer("type", 50, [["fix", 30], ["docs", 5]])], [answer("type", 40, [["fix", 15]])], "Catalog");
  expect(types[0]?.slices.map(({ compared }) => compared?.change ?? null)).toEqual([1, null]);
  const services = answersAgainst([answer("service", 50, [["web", 30]])], [answer("service", 40, [["web", 15]])], "Catalog");
  expect(services[0]?.slices[0]?.compared).toBeNull();
});

it("compares the metrics of a report, and of each other team", () => {
  const metric = (value: number) => ({ value, n: 2, series: [], compared: null });
  const one = { window, levels: 2024, change_lead_time: metric(30), slices: [{ slice: "Catalog", change_lead_time: metric(20) }, { slice: "Data", change_lead_time: metric(10) }] } as unknown as Report;
  const other = { window, change_lead_time: metric(20), slices: [] } as unknown as Report;
  const found = reportAgainst(one, other, "Catalog");
  expect(found.levels).toBe(2024);
  expect(found.change_lead_time.compared?.change).toBe(0.5);
  expect(found.slices.map(({ change_lead_time }) => change_lead_time.compared?.change ?? null)).toEqual([null, -0.5]);
  expect(wholeAgainst(one, other, "Catalog").slices).toEqual(one.slices);
});
