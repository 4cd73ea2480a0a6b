import { expect, it } from "vitest";
import { entered, valueOf } from "./value";

it("enters a duration in the largest unit in which it is a whole number", () => {
  expect(entered(172_800, "seconds")).toEqual({ text: "2", duration: "days" });
  expect(entered(5400, "seconds")).toEqual({ text: "90", duration: "minutes" });
  expect(entered(0.15, "ratio").text).toBe("15");
  expect(entered(0.5, "per_day").text).toBe("0.5");
});

it("takes a number with a point or a comma, and nothing else", () => {
  expect(valueOf({ text: "1,5", duration: "hours" }, "seconds")).toBe(5400);
  expect(valueOf({ text: "15", duration: "days" }, "ratio")).toBe(0.15);
  for (const text of ["", "x", "-1", "1e999"]) expect(valueOf({ text, duration: "days" }, "number")).toBeUndefined();
  expect(valueOf({ text: "101", duration: "days" }, "ratio")).toBeUndefined();
});
