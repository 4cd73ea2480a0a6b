import type { ReactNode } from "react";
import { Card, Delta, LevelBadge, Table, Value, type Column } from "../../ui";
import { TargetSign } from "../targets/mark";
import type { Measured } from "./measured";
import { Trend } from "./metric-card";

/** A team or service with its metrics. */
export interface SliceRow {
  slice: string;
  /** Beside its name: the team that it is part of. */
  note?: ReactNode;
  metrics: Partial<Record<string, Measured>>;
}

interface SliceTableProps {
  title: string;
  /** The head of the first column. */
  head: string;
  metrics: { name: string; title: string; isMinor?: boolean }[];
  rows: SliceRow[];
  /** What stands for a slice: a link to its page. */
  nameOf: (row: SliceRow) => ReactNode;
  actions?: ReactNode;
  note?: ReactNode;
  /** The width of a trend; 0 leaves trends out. */
  trend?: number;
  sort?: { id: string; desc?: boolean };
  /** Whether metrics sort by how much they changed, rather than by their values. */
  isByChange?: boolean;
  empty?: ReactNode;
}

/** Teams or services side by side: each metric with its trend, change and level. */
export function SliceTable({ title, head, metrics, rows, nameOf, actions, note, trend = 64, sort = { id: "slice" }, isByChange = false, empty }: SliceTableProps) {
  const columns: Column<SliceRow>[] = [
    {
      id: "slice",
      head,
      value: ({ slice }) => slice,
      cell: (row) => (
        <>
          {nameOf(row)}
          {row.note !== undefined && <div className="note">{row.note}</div>}
        </>
      ),
    },
    ...metrics.map(({ name, title: metricTitle, isMinor }) => ({
      id: name,
      head: metricTitle,
      align: "end" as const,
      isMinor,
      value: (row: SliceRow) => row.metrics[name]?.value,
      sortValue: isByChange ? (row: SliceRow) => row.metrics[name]?.compared?.change : undefined,
      cell: (row: SliceRow) => <MetricCell metric={row.metrics[name]} trend={trend} />,
    })),
  ];
  return (
    <Card title={title} note={note} actions={actions} flush data-part="slices">
      <Table title={title} columns={columns} rows={rows} rowKey={({ slice }) => slice} sort={sort} empty={empty} />
    </Card>
  );
}

function MetricCell({ metric, trend }: { metric: Measured | undefined; trend: number }) {
  if (metric === undefined) return <Value value={null} unit="number" />;
  const { metric: name, value, unit, compared, level, caveats, target } = metric;
  return (
    <div className="metric-cell">
      {trend > 0 ? <Trend metric={metric} width={trend} height={20} /> : <span />}
      <span>
        {target !== undefined && <TargetSign result={target} />}
        <Value value={value} unit={unit} why={caveats[0]?.text} />
      </span>
      {level === null || level === undefined ? <span /> : <LevelBadge level={level} />}
      {compared?.change === null || compared?.change === undefined ? <span /> : <Delta metric={name} unit={unit} compared={compared} />}
    </div>
  );
}
