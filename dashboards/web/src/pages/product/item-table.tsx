import { Link, useNavigate } from "@tanstack/react-router";
import type { TimedItem } from "../../data/items";
import { t } from "../../i18n/t";
import { Badge, Moment, Table, Value, type Column } from "../../ui";

/** What a table of work items shows of each. */
export type ListedItem = Pick<TimedItem, "id" | "key" | "title" | "kind" | "status" | "created_at" | "started_at" | "done_at" | "seconds" | "is_slow">;

/** Work items; a row opens one. */
export function ItemTable({ rows, isInProgress = false, isSortable }: { rows: ListedItem[]; isInProgress?: boolean; isSortable: boolean }) {
  const navigate = useNavigate();
  return (
    <Table
      title={t("product.tab_items")}
      columns={columns(isInProgress)}
      rows={rows}
      rowKey={({ id }) => id}
      onOpen={({ id }) => void navigate({ to: "/items/$", params: { _splat: id } })}
      isSortable={isSortable}
      empty={t("product.no_items")}
    />
  );
}

function columns(isInProgress: boolean): Column<ListedItem>[] {
  return [
    {
      id: "item",
      head: t("product.item"),
      value: ({ key }) => key,
      cell: ({ id, key, title }) => (
        <span className="thing">
          <Link to="/items/$" params={{ _splat: id }}>
            {title}
          </Link>
          <span className="note">{key}</span>
        </span>
      ),
    },
    { id: "type", head: t("product.type"), value: ({ kind }) => kind, cell: ({ kind }) => kind ?? "–", isMinor: true },
    { id: "status", head: t("product.status"), value: ({ status }) => status, cell: ({ status }) => <Badge>{status}</Badge> },
    { id: "created", head: t("product.created"), value: ({ created_at }) => created_at, cell: ({ created_at }) => <Moment at={created_at} />, isMinor: true },
    { id: "done", head: t("product.done_at"), value: ({ done_at }) => done_at, cell: ({ done_at }) => <Moment at={done_at} />, isMinor: true },
    {
      id: "seconds",
      head: t(isInProgress ? "product.age" : "product.cycle"),
      align: "end",
      value: ({ seconds }) => seconds,
      cell: ({ seconds, is_slow }) => (
        <span className={is_slow === true ? "slow" : undefined}>
          <Value value={seconds} unit="seconds" />
        </span>
      ),
    },
  ];
}
