import { expect, test } from "vitest";
import { columnsOf, ticksOf } from "./ages";
import { flowOf } from "./bands";

test("the scale of ages begins and ends around them", () => {
  const hours = (value: number) => ({ seconds: value * 3600 });
  expect(ticksOf([hours(2), hours(50)]).map((tick) => Math.round(10 ** tick / 3600))).toEqual([1, 6, 24, 72]);
  expect(ticksOf([{ seconds: 30 }]).at(-1)).toBe(Math.log10(60));
});

test("ages stand by status, and by type where there is one status", () => {
  const item = (status: string, kind: string | null) => ({ status, kind });
  expect(columnsOf([item("Doing", "bug"), item("Review", "bug")])).toEqual(["Doing", "Review"]);
  expect(columnsOf([item("Doing", "story"), item("Doing", "bug"), item("Doing", null)])).toEqual(["bug", "story", "without a type"]);
});

test("a cumulative flow adds up what was done and leaves gaps where nothing is known", () => {
  const point = (from: string, value: number | null, n: number) => ({ from, to: from, label: from, value, n });
  const part = (...series: object[]) => ({ series }) as never;
  const done = part(point("1", 7, 2), point("2", 7, 3));
  const { days, states } = flowOf([part(point("1", 4, 1), point("2", null, 0)), part(point("1", 5, 1), point("2", 6, 1)), done]);
  expect(days).toEqual(["1", "2"]);
  expect(states.map(({ counts }) => counts)).toEqual([[2, 5], [5, 6], [4, null]]);
});
