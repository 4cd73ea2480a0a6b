import type { ReactNode } from "react";

/** A column of a table. */
export interface Column<Row> {
  id: string;
  /** Its head; `title` is its name in exports where the head is no text. */
  head: ReactNode;
  title?: string;
  cell: (row: Row) => ReactNode;
  /** What it is sorted and exported by; without it the column is neither. */
  value?: (row: Row) => string | number | null | undefined;
  /** What it is sorted by, where that is not its value. */
  sortValue?: (row: Row) => string | number | null | undefined;
  align?: "start" | "end";
  /** The field by which the server sorts, where it does. */
  order?: string;
  /** Left out on a phone. */
  isMinor?: boolean;
}

/** By which column rows are sorted; `desc` the greatest first. */
export type Sort = { id: string; desc?: boolean } | undefined;

/** Rows sorted by a column; those without a value come last in both orders. */
export function sortRows<Row>(rows: Row[], columns: Column<Row>[], sort: Sort): Row[] {
  const column = columns.find(({ id }) => id === sort?.id);
  const value = column?.sortValue ?? column?.value;
  if (value === undefined) return rows;
  const sign = sort?.desc ? -1 : 1;
  return [...rows].sort((left, right) => {
    const [a, b] = [value(left), value(right)];
    if (a === null || a === undefined) return b === null || b === undefined ? 0 : 1;
    if (b === null || b === undefined) return -1;
    return sign * (typeof a === "number" && typeof b === "number" ? a - b : String(a).localeCompare(String(b)));
  });
}
