import { expect, it } from "vitest";
import { projectsOf } from "./projects";

it("finds the projects that changes name, not those that one of many names", () => {
  const changes = [...Array.from({ length: 30 }, (_, index) => ({ title: `PAY-${index}: Add rates`, repository: "git.example/shop" })), { title: "WEB-1: Fix footer", repository: "git.example/shop" }];
  expect(projectsOf(["PAY", "WEB", "OPS"], changes)).toEqual(["PAY"]);
});

it("finds the project that is the repository of the changes", () => {
  expect(projectsOf(["git.example/shop", "git.example/other"], [{ title: "Fix footer", repository: "git.example/shop" }])).toEqual(["git.example/shop"]);
  expect(projectsOf(["PAY"], [])).toEqual([]);
});
