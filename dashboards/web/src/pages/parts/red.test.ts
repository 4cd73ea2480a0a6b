import { expect, it } from "vitest";
import { redPipelines } from "./red";

const BRANCHES = new Map([
  ["shop", "main"],
  ["web", "trunk"],
]);

function run(repository: string, outcome: string, finished_at: string, branch = "main") {
  return { repository, name: "CI", branch, outcome, finished_at };
}

it("finds pipelines whose last run failed, and since when", () => {
  const runs = [run("shop", "neither", "5"), run("shop", "failure", "4"), run("shop", "failure", "3"), run("shop", "success", "2"), run("shop", "failure", "1")];
  expect(redPipelines(runs, BRANCHES)).toEqual([{ repository: "shop", name: "CI", since: "3" }]);
});

it("leaves out other branches, pipelines that are green again, and runs that are not over", () => {
  const runs = [run("web", "failure", "3"), run("shop", "success", "3"), run("shop", "failure", "2"), { ...run("web", "failure", "1", "trunk"), finished_at: null }];
  expect(redPipelines(runs, BRANCHES)).toEqual([]);
});
