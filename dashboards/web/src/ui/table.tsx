import { useMemo, useRef, useState, type KeyboardEvent, type ReactNode } from "react";
import { saveFile, toCsv } from "../format/csv";
import { t } from "../i18n/t";
import { IconButton } from "./button";
import { sortRows, type Column, type Sort } from "./sort";

interface TableProps<Row> {
  /** Names the table for screen readers and its exported file. */
  title: string;
  columns: Column<Row>[];
  rows: Row[];
  rowKey: (row: Row) => string;
  /** What opens from a row, by click and by Enter. */
  onOpen?: (row: Row) => void;
  /** Sorted by this column at first; `desc` the greatest first. */
  sort?: Sort;
  /** Whether the rows are sorted here; not where only a part of them is loaded. */
  isSortable?: boolean;
  /** The order of rows that come in pages, which the server sorts: a field, with `-` before it for the greatest first. */
  order?: { value: string; onChange: (value: string) => void };
  empty?: ReactNode;
  canExport?: boolean;
  footer?: ReactNode;
}

/** A table: sorted by its heads, with arrow keys from row to row, and exported as CSV. */
export function Table<Row>({ canExport = true, ...props }: TableProps<Row>) {
  const { title, columns, rows, rowKey, onOpen, order, empty, footer } = props;
  const isSortable = props.isSortable ?? order === undefined;
  const [sort, setSort] = useState(props.sort);
  const body = useRef<HTMLTableSectionElement>(null);
  const sorted = useMemo(() => (isSortable ? sortRows(rows, columns, sort) : rows), [rows, columns, sort, isSortable]);
  const exported = () => {
    const kept = columns.filter((column) => column.value !== undefined);
    const lines = sorted.map((row) => kept.map((column) => column.value?.(row) ?? ""));
    saveFile(`${title}.csv`, "text/csv", toCsv([kept.map((column) => nameOf(column)), ...lines]));
  };
  return (
    <div className="table-frame">
      {canExport && rows.length > 0 && (
        <div className="table-tools">
          <IconButton icon="download" label={`${t("ui.export_csv")}: ${title}`} onPress={exported} />
        </div>
      )}
      <div className="table-scroll" role="region" aria-label={t("table.scroll", { title })} tabIndex={0}>
        <table className="table">
          <caption className="visually-hidden">{title}</caption>
          <thead>
            <tr>
              {columns.map((column) => (
                <Head key={column.id} column={column} {...(order === undefined ? bySort(column, sort, isSortable ? setSort : undefined) : byServer(column, order))} />
              ))}
            </tr>
          </thead>
          <tbody ref={body} onKeyDown={(event) => moveFocus(event, body.current)}>
            {sorted.map((row) => (
              <tr
                key={rowKey(row)}
                data-row={rowKey(row)}
                className={onOpen === undefined ? undefined : "opens"}
                tabIndex={onOpen === undefined ? undefined : 0}
                onClick={onOpen === undefined ? undefined : (event) => !isOnControl(event.target) && onOpen(row)}
                onKeyDown={onOpen === undefined ? undefined : (event) => event.key === "Enter" && event.target === event.currentTarget && onOpen(row)}
              >
                {columns.map((column) => (
                  <td key={column.id} className={classOf(column)}>
                    {column.cell(row)}
                  </td>
                ))}
              </tr>
            ))}
            {rows.length === 0 && (
              <tr>
                <td colSpan={columns.length} className="table-empty">
                  {empty ?? t("table.empty")}
                </td>
              </tr>
            )}
          </tbody>
        </table>
      </div>
      {footer}
    </div>
  );
}

/** Whether rows are sorted by a column, and what sorts them by it. */
interface Sorting {
  sorted?: "ascending" | "descending";
  onSort?: () => void;
}

function bySort<Row>(column: Column<Row>, sort: Sort, onSort: ((sort: Sort) => void) | undefined): Sorting {
  if (onSort === undefined || column.value === undefined) return {};
  const isBy = sort?.id === column.id;
  return {
    sorted: isBy ? (sort.desc ? "descending" : "ascending") : undefined,
    onSort: () => onSort({ id: column.id, desc: isBy ? !sort.desc : column.align === "end" }),
  };
}

function byServer<Row>({ order: field, align }: Column<Row>, order: { value: string; onChange: (value: string) => void }): Sorting {
  if (field === undefined) return {};
  const sorted = order.value === field ? "ascending" : order.value === `-${field}` ? "descending" : undefined;
  const isDescending = sorted === undefined ? align === "end" : sorted === "ascending";
  return { sorted, onSort: () => order.onChange(isDescending ? `-${field}` : field) };
}

function Head<Row>({ column, sorted, onSort }: { column: Column<Row> } & Sorting) {
  if (onSort === undefined) {
    return (
      <th scope="col" className={classOf(column)}>
        {column.head}
      </th>
    );
  }
  return (
    <th scope="col" className={classOf(column)} aria-sort={sorted ?? "none"}>
      <button type="button" className="sort" title={t("table.sort_by", { column: nameOf(column) })} onClick={onSort}>
        {column.head}
        <span className="sort-mark" aria-hidden="true">
          {sorted === undefined ? "" : sorted === "descending" ? "↓" : "↑"}
        </span>
      </button>
    </th>
  );
}

function nameOf<Row>(column: Column<Row>): string {
  return column.title ?? (typeof column.head === "string" ? column.head : column.id);
}

function classOf<Row>({ align, isMinor }: Column<Row>): string {
  return `${align === "end" ? "end" : ""} ${isMinor ? "minor" : ""}`.trim();
}

function isOnControl(target: EventTarget): boolean {
  return target instanceof Element && target.closest("a, button, input, select") !== null;
}

function moveFocus(event: KeyboardEvent, body: HTMLElement | null): void {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step === undefined || body === null || !(event.target instanceof HTMLTableRowElement)) return;
  const rows = [...body.querySelectorAll<HTMLElement>("tr[tabindex]")];
  rows[rows.indexOf(event.target) + step]?.focus();
  event.preventDefault();
}
