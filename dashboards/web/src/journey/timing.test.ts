import { expect, test } from "vitest";
import type { JourneyStep } from "../data/journey";
import { environmentsOf, gapBefore, timeToProduction } from "./timing";

const step = (name: string, at: string | null): JourneyStep => ({ step: name as JourneyStep["step"], at, why: at === null ? "not yet" : null });

const STEPS = [step("first_commit", "2026-03-01T10:00:00Z"), step("opened", "2026-03-01T11:00:00Z"), step("first_review", null), step("merged", "2026-03-02T10:00:00Z"), step("in_production", "2026-03-03T10:00:00Z")];

test("a gap is measured from the last step that was taken", () => {
  expect(gapBefore(STEPS, 0)).toBeUndefined();
  expect(gapBefore(STEPS, 1)).toBe(3600);
  expect(gapBefore(STEPS, 2)).toBeUndefined();
  expect(gapBefore(STEPS, 3)).toBe(23 * 3600);
});

test("the time to production is that from the first commit, where both are known", () => {
  expect(timeToProduction(STEPS)).toBe(2 * 86_400);
  expect(timeToProduction(STEPS.slice(1))).toBeUndefined();
  expect(timeToProduction([...STEPS.slice(0, 4), step("in_production", null)])).toBeUndefined();
});

test("environments that have it are named once, without production", () => {
  const deployment = (environment: string | null, is_production: boolean) => ({ environment, is_production });
  const services = [{ deployments: [deployment("staging", false), deployment("production", true)] }, { deployments: [deployment("staging", false), deployment("qa", false), deployment(null, false)] }];
  expect(environmentsOf({ ways: [{ services }] } as never)).toEqual(["qa", "staging"]);
});
