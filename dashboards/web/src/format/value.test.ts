import { describe, expect, it } from "vitest";
import { formatBare, formatChange, formatDuration, formatShare, formatShort, formatValue } from "./value";

describe("values", () => {
  it("are written as the server writes them", () => {
    expect(formatValue(180081, "seconds")).toBe("2 d 2 h");
    expect(formatValue(3949, "seconds")).toBe("1 h 6 min");
    expect(formatValue(60, "seconds")).toBe("1 min");
    expect(formatValue(42.5, "seconds")).toBe("42.5 s");
    expect(formatValue(86_400, "seconds")).toBe("1 d");
    expect(formatValue(0.0932, "ratio")).toBe("9.32 %");
    expect(formatValue(0.125, "ratio")).toBe("12.5 %");
    expect(formatValue(8.7, "per_day")).toBe("8.7 a day");
    expect(formatValue(0.0123, "per_day")).toBe("0.012 a day");
    expect(formatValue(31.25, "per_week")).toBe("31.3 a week");
    expect(formatValue(1, "days_per_week")).toBe("1 day a week");
    expect(formatValue(4.5, "days_per_week")).toBe("4.5 days a week");
    expect(formatValue(2993, "count")).toBe("2,993");
  });

  it("that are missing are a dash and never 0", () => {
    expect(formatValue(null, "seconds")).toBe("–");
    expect(formatBare(undefined, "ratio")).toBe("–");
    expect(formatDuration(null)).toBe("–");
    expect(formatShare(null)).toBe("–");
  });

  it("are short on axes", () => {
    expect(formatBare(90, "seconds")).toBe("1.5 min");
    expect(formatBare(3 * 86_400, "seconds")).toBe("3 d");
    expect(formatShort(1_250_000)).toBe("1.3M");
  });

  it("that are negative keep their sign", () => {
    expect(formatDuration(-3600)).toBe("−1 h");
    expect(formatChange(-0.044)).toBe("−4.4 %");
    expect(formatChange(1.63)).toBe("+163 %");
    expect(formatChange(8.9)).toBe("+890 %");
    expect(formatChange(18.47)).toBe("19×");
  });
});
