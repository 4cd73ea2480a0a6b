import { describe, expect, it } from "vitest";
import { compareOf, comparedTeam, intervalOf, measuredQuestionOf, questionOf, readFilter } from "./filter";

describe("the filter of an address", () => {
  it("leaves out what can't be meant, and defaults", () => {
    expect(readFilter({ window: "fortnight", interval: "never", team: "", compare: "previous", benchmark: "x" })).toEqual({});
    expect(readFilter({ window: "90d" })).toEqual({});
    expect(readFilter({ window: "30d", interval: "day", team: "Checkout" })).toEqual({ window: "30d", interval: "day", team: "Checkout" });
  });

  it("takes from and to in place of a window", () => {
    const filter = readFilter({ window: "30d", from: "2026-01-01", to: "2026-02-01" });
    expect(filter).toEqual({ from: "2026-01-01", to: "2026-02-01" });
    expect(questionOf(filter)).toEqual({ from: "2026-01-01", to: "2026-02-01" });
  });
});

describe("a question", () => {
  it("is about 90 days without a window", () => {
    expect(questionOf({})).toEqual({ window: "90d" });
  });

  it("names a service rather than its team", () => {
    expect(questionOf({ team: "Checkout", service: "web", window: "30d" })).toEqual({ service: "web", window: "30d" });
  });

  it("about metrics has the environment, which lists of work items do not know", () => {
    expect(measuredQuestionOf({ environment: "eu" })).toEqual({ window: "90d", environment: "eu" });
    expect(measuredQuestionOf({})).toEqual({ window: "90d" });
    expect(questionOf({ environment: "eu" })).toEqual({ window: "90d" });
  });

  it("has days for short windows and lets the server choose for others", () => {
    expect(intervalOf({ window: "30d" })).toBe("day");
    expect(intervalOf({ window: "180d" })).toBeUndefined();
    expect(intervalOf({ window: "180d", interval: "month" })).toBe("month");
  });

  it("compares with the previous period unless that can't be", () => {
    expect(compareOf({})).toBe("previous");
    expect(compareOf({ window: "all" })).toBeUndefined();
    expect(compareOf({ compare: "none" })).toBeUndefined();
    expect(compareOf({ compare: "team:Data: core" })).toBeUndefined();
    expect(comparedTeam({ compare: "team:Data: core" })).toBe("Data: core");
  });
});
