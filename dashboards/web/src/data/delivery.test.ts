import { expect, test } from "vitest";
import { deliveryOf, type CountedItem } from "./delivery";

const item = (changes: Partial<CountedItem>): CountedItem => ({ statusCategory: "DONE", canceled: false, points: 3, doneAt: "2026-03-10T12:00:00Z", createdAt: "2026-02-20T12:00:00Z", ...changes });
const SPRINT = { startedAt: "2026-03-01T00:00:00Z", endsAt: "2026-03-15T00:00:00Z", completedAt: null };

test("what was done after the sprint ended, or was canceled, was not delivered by it", () => {
  const items = [item({}), item({ doneAt: "2026-03-16T12:00:00Z" }), item({ statusCategory: "IN_PROGRESS", doneAt: null }), item({ canceled: true })];
  expect(deliveryOf(SPRINT, items)).toEqual({ done: 1, all: 3, pointsDone: 3, points: 9, added: 0 });
});

test("items that were written down after it began were added", () => {
  expect(deliveryOf(SPRINT, [item({}), item({ createdAt: "2026-03-02T12:00:00Z" })]).added).toBe(1);
});

test("without points there is no sum of points", () => {
  expect(deliveryOf(SPRINT, [item({ points: null })])).toMatchObject({ points: null, pointsDone: null });
  expect(deliveryOf(SPRINT, [])).toEqual({ done: 0, all: 0, pointsDone: null, points: null, added: 0 });
});
