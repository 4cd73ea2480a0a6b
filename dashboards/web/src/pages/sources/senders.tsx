import { Link } from "@tanstack/react-router";
import { useFilter } from "../../data/filter";
import { defined, useRest } from "../../data/queries";
import { formatNumber } from "../../format/value";
import { t } from "../../i18n/t";
import { Card, Table, type Column } from "../../ui";

/** How many events of a source ended how. */
interface Arrived {
  name: string;
  stored: number;
  ignored: number;
  rejected: number;
}

/** What arrived of each source, those that are only sent by webhooks among them: these are collected by no pull. */
export function Arrivals({ pulled }: { pulled: string[] }) {
  const { tenant } = useFilter();
  const counts = useRest("/api/v1/event-counts", defined({ tenant }) as never);
  const rows = new Map<string, Arrived>();
  for (const { source, outcome, events } of counts.data?.data ?? []) {
    if (pulled.includes(source)) continue;
    const row = rows.get(source) ?? { name: source, stored: 0, ignored: 0, rejected: 0 };
    row[outcome as "stored" | "ignored" | "rejected"] += events;
    rows.set(source, row);
  }
  if (rows.size === 0) return null;
  return (
    <Card flush title={t("sources.senders")} note={t("sources.senders_note")}>
      <Table title={t("sources.senders")} columns={columns()} rows={[...rows.values()]} rowKey={({ name }) => name} sort={{ id: "name" }} />
    </Card>
  );
}

function columns(): Column<Arrived>[] {
  return [
    { id: "name", head: t("page.source"), value: ({ name }) => name, cell: ({ name }) => name },
    { id: "stored", head: t("sources.stored"), align: "end", value: ({ stored }) => stored, cell: ({ stored }) => formatNumber(stored) },
    { id: "ignored", head: t("sources.ignored"), align: "end", isMinor: true, value: ({ ignored }) => ignored, cell: ({ ignored }) => formatNumber(ignored) },
    {
      id: "rejected",
      head: t("sources.rejected"),
      align: "end",
      value: ({ rejected }) => rejected,
      cell: ({ name, rejected }) =>
        rejected === 0 ? (
          formatNumber(0)
        ) : (
          <Link to="/sources" search={{ tab: "rejected", source: name }} aria-label={t("sources.open_rejected", { n: rejected, name })}>
            {formatNumber(rejected)}
          </Link>
        ),
    },
  ];
}
