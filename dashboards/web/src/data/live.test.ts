import { expect, it } from "vitest";
import { isChangedBy } from "./live";

it("asks again for what an event may change, and for nothing else", () => {
  const rest = (path: string) => ({ queryKey: ["rest", path, {}], meta: undefined });
  expect(isChangedBy(rest("/api/v1/dora"), "metrics")).toBe(true);
  expect(isChangedBy(rest("/api/v1/metrics/{name}"), "metrics")).toBe(true);
  expect(isChangedBy(rest("/api/v1/metrics"), "metrics")).toBe(false);
  expect(isChangedBy(rest("/api/v1/deployments"), "deployment")).toBe(true);
  expect(isChangedBy(rest("/api/v1/deployments"), "source")).toBe(false);
});

it("asks questions of GraphQL again after the events that they name", () => {
  const graph = { queryKey: ["graphql", "{ me { role } }"], meta: { kinds: ["incident"] } };
  expect(isChangedBy(graph, "incident")).toBe(true);
  expect(isChangedBy(graph, "deployment")).toBe(false);
});
