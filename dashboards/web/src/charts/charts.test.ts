import { expect, it } from "vitest";
import { sparkPaths } from "./sparkline";
import { axisOf, partialStep } from "./steps";

it("interrupts a sparkline at a gap and draws a single value as a dot", () => {
  const { solid, dashed, dots } = sparkPaths([{ value: 1 }, { value: 2 }, { value: null }, { value: 3 }, { value: null }], 46, 20);
  expect(solid.match(/M/g)).toHaveLength(1);
  expect(dashed).toBe("");
  expect(dots).toHaveLength(1);
});

it("draws the step to a period that is not over yet dashed", () => {
  const { solid, dashed } = sparkPaths([{ value: 1 }, { value: 2 }, { value: 1, isPartial: true }], 46, 20);
  expect(solid.match(/L/g)).toHaveLength(1);
  expect(dashed.match(/L/g)).toHaveLength(1);
});

it("takes the last step for unfinished while its window ends now", () => {
  const now = new Date("2026-03-01T12:00:00Z").getTime();
  const steps = [{ from: "2026-02-22T00:00:00Z", to: "2026-03-01T00:00:00Z" }, { from: "2026-03-01T00:00:00Z", to: "2026-03-01T11:59:40Z" }];
  expect(partialStep(steps, now)).toBe(1);
  expect(partialStep(steps.slice(0, 1), now)).toBeUndefined();
  expect(partialStep([], now)).toBeUndefined();
});

it("cuts an axis of durations at round ones", () => {
  expect(axisOf("seconds", [6.9 * 86_400, null])).toEqual({ interval: 2 * 86_400, max: 8 * 86_400 });
  expect(axisOf("seconds", [3000])).toEqual({ interval: 900, max: 3600 });
  expect(axisOf("ratio", [0.3])).toEqual({});
  expect(axisOf("seconds", [])).toEqual({});
});
