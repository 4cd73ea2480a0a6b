import { expect, it } from "vitest";
import { sortRows, type Column } from "./sort";

interface Row {
  name: string;
  value: number | null;
}
const columns: Column<Row>[] = [
  { id: "name", head: "Name", cell: () => null, value: ({ name }) => name },
  { id: "value", head: "Value", cell: () => null, value: ({ value }) => value },
];
const rows = [{ name: "b", value: 2 }, { name: "a", value: null }, { name: "c", value: 10 }];

it("sorts numbers by size, and what has none comes last both ways", () => {
  expect(sortRows(rows, columns, { id: "value" }).map(({ name }) => name)).toEqual(["b", "c", "a"]);
  expect(sortRows(rows, columns, { id: "value", desc: true }).map(({ name }) => name)).toEqual(["c", "b", "a"]);
});

it("leaves rows as they are without an order", () => {
  expect(sortRows(rows, columns, undefined)).toBe(rows);
});
