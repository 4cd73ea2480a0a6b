import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { useSetSearch } from "../../data/search";
import type { MetricAnswer, MetricPart, NamedValue } from "../../data/types";
import { formatNumber } from "../../format/value";
import { t, tOr, type Key } from "../../i18n/t";
import { Card, Delta, Table, Value, type Column } from "../../ui";
import { RowsLink, listOf } from "../parts/rows";

/** The values of a metric: of the whole and of each slice, with those beside the first. A row shows its slice in the chart. */
export function SlicesTable({ answer, slice }: { answer: MetricAnswer; slice: string | undefined }) {
  const setSearch = useSetSearch();
  const { metric, by, whole, slices } = answer;
  const isPersons = by === "author" || by === "review_pair";
  const title = by === null || by === undefined ? t("explore.values") : t("explore.values_by", { by: t(`slice.${by}` as Key) });
  const rows = slices.length === 0 ? [whole] : slices;
  const toggle = ({ slice: chosen }: MetricPart) => setSearch({ slice: chosen === null || chosen === slice ? undefined : chosen });
  return (
    <Card title={title} note={slices.length > 0 ? t("explore.choose_row") : undefined} flush>
      <Table
        title={title}
        columns={columnsOf(answer, slice)}
        rows={rows}
        rowKey={(row) => row.slice ?? ""}
        sort={isPersons || slices.length === 0 ? { id: "slice" } : { id: "value", desc: true }}
        onOpen={slices.length > 0 ? toggle : undefined}
        empty={t("explore.no_slices", { title: metric.title })}
      />
    </Card>
  );
}

function columnsOf(answer: MetricAnswer, chosen: string | undefined): Column<MetricPart>[] {
  const { metric, by } = answer;
  const others = answer.whole.values.filter(({ name }, index) => index > 0 || name !== metric.aggregation).filter(({ name }) => name !== metric.aggregation);
  return [
    { id: "slice", head: by === null || by === undefined ? t("explore.part") : t(`slice.${by}` as Key), title: by ?? "slice", value: (row) => row.slice ?? "", cell: (row) => <SliceName by={by} row={row} isChosen={chosen !== undefined && row.slice === chosen} /> },
    { id: "value", head: metric.title, align: "end", value: (row) => row.value, cell: (row) => <Value value={row.value} unit={metric.unit} why={row.caveats[0]?.text} /> },
    { id: "change", head: t("explore.change"), align: "end", value: (row) => row.compared?.change, cell: (row) => <Delta metric={metric.name} unit={metric.unit} compared={row.compared} /> },
    { id: "n", head: "n", align: "end", value: (row) => row.n, cell: (row) => <Count metric={metric.name} by={by} row={row} /> },
    ...others.map(({ name, unit }): Column<MetricPart> => ({ id: `of ${name}`, head: tOr(`value.${name}`, name), title: name, align: "end", isMinor: true, value: (row) => named(row, name)?.value, cell: (row) => <Value value={named(row, name)?.value} unit={unit} /> })),
  ];
}

function named(row: MetricPart, name: string): NamedValue | undefined {
  return row.values.find((value) => value.name === name);
}

function SliceName({ by, row, isChosen }: { by: string | null | undefined; row: MetricPart; isChosen: boolean }): ReactNode {
  const { slice } = row;
  if (slice === null || slice === undefined) return by === null || by === undefined ? t("explore.whole") : t("explore.no_slice");
  const name = by === "team" ? <Link to="/teams/$team" params={{ team: slice }}>{slice}</Link> : by === "service" ? <Link to="/services/$" params={{ _splat: slice }}>{slice}</Link> : slice;
  return isChosen ? <strong>{name}</strong> : name;
}

function Count({ metric, by, row }: { metric: string; by: string | null | undefined; row: MetricPart }) {
  const n = formatNumber(row.n);
  const [to] = listOf(metric);
  const isWhole = row.slice === null || row.slice === undefined;
  const scope = isWhole ? {} : by === "team" || by === "service" || by === "repository" ? { [by]: row.slice ?? "" } : undefined;
  if (to === "/explore" || scope === undefined || (by === "repository" && to !== "/changes")) return <>{n}</>;
  return (
    <RowsLink metric={metric} scope={scope} label={t("parts.open_rows", { title: row.slice ?? t("explore.whole"), n: row.n })}>
      {n}
    </RowsLink>
  );
}
