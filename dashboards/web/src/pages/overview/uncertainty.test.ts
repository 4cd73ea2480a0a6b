import { describe, expect, it } from "vitest";
import { differenceRange, medianRange, rateRange } from "./uncertainty";

const PERCENTILES = [
  { percentile: 25, value: 100 },
  { percentile: 50, value: 200 },
  { percentile: 75, value: 400 },
];

describe("uncertainty", () => {
  it("reads the range of a median between percentiles", () => {
    const range = medianRange(PERCENTILES, 400);
    expect(range?.low).toBeCloseTo(200 - 4.9 * 4);
    expect(range?.high).toBeCloseTo(200 + 4.9 * 8);
  });

  it("has no range for few values or where percentiles do not reach", () => {
    expect(medianRange(PERCENTILES, 10)).toBeNull();
    expect(medianRange([{ percentile: 50, value: 200 }], 400)).toBeNull();
  });

  it("bounds a rate as Wilson does", () => {
    const range = rateRange(10, 100);
    expect(range?.low).toBeCloseTo(0.0552, 3);
    expect(range?.high).toBeCloseTo(0.1744, 3);
    expect(rateRange(0, 0)).toBeNull();
    expect(rateRange(0, 20)?.low).toBe(0);
  });

  it("bounds a difference by both ranges", () => {
    const found = differenceRange({ value: 10, range: { low: 7, high: 14 } }, { value: 8, range: { low: 4, high: 11 } });
    expect(found.low).toBeCloseTo(2 - Math.hypot(3, 3));
    expect(found.high).toBeCloseTo(2 + Math.hypot(4, 4));
  });
});
