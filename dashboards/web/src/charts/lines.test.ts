import { expect, test } from "vitest";
import type { MetricAnswer } from "../data/types";
import { atSteps, DRAWN, kindOf, largest, linesOf } from "./lines";

const point = (label: string, value: number | null) => ({ from: label, to: label, label, value, n: value === null ? 0 : 1 });
const slice = (name: string, n: number) => ({ slice: name, n, series: [point("1", n)] });
const answer = (slices: ReturnType<typeof slice>[]) => ({ whole: { series: [point("1", 9)] }, slices }) as unknown as MetricAnswer;

test("without slices the whole is drawn, otherwise the largest slices by name", () => {
  expect(linesOf(answer([]), "Whole").map(({ name }) => name)).toEqual(["Whole"]);
  const many = Array.from({ length: 20 }, (_, nth) => slice(`s${String(nth).padStart(2, "0")}`, nth));
  expect(linesOf(answer(many), "Whole").map(({ name }) => name)).toEqual(many.slice(-DRAWN).map((one) => one.slice));
  expect(largest(answer([slice("b", 1), slice("a", 1)])).map((one) => one.slice)).toEqual(["a", "b"]);
});

test("a chosen slice stands beside the whole; one that is not there chooses nothing", () => {
  const lines = linesOf(answer([slice("a", 1), slice("b", 2)]), "Whole", "b");
  expect(lines.map(({ name, isReference }) => [name, isReference ?? false])).toEqual([["b", false], ["Whole", true]]);
  expect(linesOf(answer([slice("a", 1)]), "Whole", "unknown").map(({ name }) => name)).toEqual(["a"]);
});

test("an earlier window stands under the steps of this one, the last under the last", () => {
  const steps = [point("a", 1), point("b", 2), point("c", null)];
  const shown = atSteps([point("w", 4), point("x", 5), point("y", 6), point("z", 7)], steps);
  expect(shown.map(({ label, value }) => [label, value])).toEqual([["a", 5], ["b", 6], ["c", 7]]);
  expect(atSteps([], steps).map(({ value }) => value)).toEqual([null, null, null]);
});

test("counts are bars, and stand on each other where no slice is a part of another", () => {
  const of = (unit: string, counts: number[], n: number) => kindOf({ ...answer(counts.map((count, nth) => slice(String(nth), count))), metric: { unit }, whole: { n, series: [] } } as unknown as MetricAnswer);
  expect([of("per_week", [], 5), of("per_week", [2, 3], 5), of("per_week", [5, 3], 5), of("seconds", [2, 3], 5)]).toEqual(["bar", "stacked", "line", "line"]);
});
