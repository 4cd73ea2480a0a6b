import { expect, it } from "vitest";
import { verdictOf } from "./direction";

it("takes less for good where less is better, and more where more is", () => {
  expect(verdictOf(-0.1, "down")).toBe("good");
  expect(verdictOf(0.1, "down")).toBe("bad");
  expect(verdictOf(0.1, "up")).toBe("good");
});

it("takes nothing for good where neither way is", () => {
  expect(verdictOf(0.5, "neither")).toBe("neutral");
  expect(verdictOf(null, "up")).toBe("neutral");
  expect(verdictOf(0.001, "up")).toBe("neutral");
});
