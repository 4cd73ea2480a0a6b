import { expect, it } from "vitest";
import { directionOf, verdictOf } from "./direction";

it("takes less lead time and more deployments for good", () => {
  expect(verdictOf(-0.1, directionOf("change_lead_time"))).toBe("good");
  expect(verdictOf(0.1, directionOf("change_lead_time"))).toBe("bad");
  expect(verdictOf(0.1, directionOf("deployment_frequency"))).toBe("good");
});

it("takes nothing for good where neither way is", () => {
  expect(verdictOf(0.5, directionOf("investment"))).toBe("neutral");
  expect(verdictOf(null, "up")).toBe("neutral");
  expect(verdictOf(0.001, "up")).toBe("neutral");
});
