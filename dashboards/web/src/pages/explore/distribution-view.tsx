import { useMemo } from "react";
import { Histogram } from "../../charts/distribution";
import { useDistribution, type Distribution, type Exploring } from "../../data/explored";
import { useSetSearch } from "../../data/search";
import type { Definition, Unit } from "../../data/types";
import { formatNumber, formatValue } from "../../format/value";
import { t, type Key } from "../../i18n/t";
import { Card, Loaded, Skeleton, Table, Value, type Column } from "../../ui";

type Part = Distribution["whole"];

/** Whether a metric is a median, mean or quantile of observations, which are distributed somehow. */
export function hasDistribution({ aggregation }: Definition): boolean {
  return ["median", "mean", "p75", "p90"].includes(aggregation);
}

/** How the observations behind a metric are distributed: a histogram, and percentiles of each slice. */
export function DistributionView({ exploring, definition, slice }: { exploring: Exploring; definition: Definition; slice: string | undefined }) {
  const distribution = useDistribution(exploring, true);
  return (
    <Loaded query={distribution} skeleton={<Card><Skeleton height={360} /></Card>}>
      {({ data }) => <Shown distribution={data} definition={definition} slice={slice} />}
    </Loaded>
  );
}

function Shown({ distribution, definition, slice }: { distribution: Distribution; definition: Definition; slice: string | undefined }) {
  const { whole, slices, by } = distribution;
  const setSearch = useSetSearch();
  const part = slices.find((one) => one.slice === slice) ?? whole;
  const title = t("explore.distribution_of", { title: part.slice ?? definition.title });
  const rows = [whole, ...slices];
  const toggle = (row: Part) => setSearch({ slice: row.slice === null || row.slice === undefined || row.slice === slice ? undefined : row.slice });
  return (
    <div className="stack">
      <Card title={title} note={t("metric.n", { n: part.n })}>
        <OfPart title={title} part={part} unit={definition.unit} />
      </Card>
      <Card title={t("explore.percentiles")} note={slices.length > 0 ? t("explore.choose_row") : undefined} flush>
        <Table title={t("explore.percentiles")} columns={percentileColumns(definition.unit, by, rows)} rows={rows} rowKey={(row) => row.slice ?? ""} isSortable={slices.length > 0} onOpen={slices.length > 0 ? toggle : undefined} />
      </Card>
    </div>
  );
}

function OfPart({ title, part, unit }: { title: string; part: Part; unit: Unit }) {
  const { buckets, marks } = useMemo(() => {
    const filled = part.buckets.map(({ n }, index) => (n > 0 ? index : -1)).filter((index) => index >= 0);
    // without the empty buckets at both ends
    const kept = part.buckets.slice(Math.max((filled[0] ?? 0) - 1, 0), (filled.at(-1) ?? 0) + 2);
    const marked = part.percentiles.flatMap(({ percentile, value }) => ([50, 85, 95].includes(percentile) && value !== null && value !== undefined ? [{ name: `p${percentile}`, value }] : []));
    return { buckets: kept, marks: marked };
  }, [part]);
  return <Histogram title={title} unit={unit} buckets={buckets} marks={marks} height={300} />;
}

function percentileColumns(unit: Unit, by: string | null | undefined, rows: Part[]): Column<Part>[] {
  const known = rows[0]?.percentiles.map(({ percentile }) => percentile) ?? [];
  const scale = Math.max(...rows.map((row) => valueAt(row, 95) ?? 0));
  return [
    { id: "slice", head: by === null || by === undefined ? "" : t(`slice.${by}` as Key), title: by ?? "slice", value: (row) => row.slice ?? "", cell: (row) => row.slice ?? <strong>{t("explore.whole")}</strong> },
    { id: "spread", head: t("explore.spread"), isMinor: true, cell: (row) => <Spread row={row} unit={unit} scale={scale} /> },
    { id: "n", head: "n", align: "end", value: (row) => row.n, cell: (row) => formatNumber(row.n) },
    ...known.map((percentile): Column<Part> => ({ id: `p${percentile}`, head: `p${percentile}`, align: "end", isMinor: ![50, 75, 95].includes(percentile), value: (row) => valueAt(row, percentile), cell: (row) => <Value value={valueAt(row, percentile)} unit={unit} /> })),
    { id: "mean", head: t("value.mean"), align: "end", isMinor: true, value: (row) => row.mean, cell: (row) => <Value value={row.mean} unit={unit} /> },
  ];
}

function valueAt(row: Part, percentile: number): number | null | undefined {
  return row.percentiles.find((one) => one.percentile === percentile)?.value;
}

/** From the 5th to the 95th percentile as a line, the middle half as a bar, the median as a mark. */
function Spread({ row, unit, scale }: { row: Part; unit: Unit; scale: number }) {
  const at = (percentile: number) => ((valueAt(row, percentile) ?? 0) / (scale || 1)) * 100;
  if (row.n === 0) return null;
  const text = t("explore.spread_text", { from: formatValue(valueAt(row, 25), unit), to: formatValue(valueAt(row, 75), unit), median: formatValue(valueAt(row, 50), unit) });
  return (
    <span className="spread" role="img" aria-label={text} title={text}>
      <span className="spread-line" style={{ insetInlineStart: `${at(5)}%`, width: `${at(95) - at(5)}%` }} />
      <span className="spread-half" style={{ insetInlineStart: `${at(25)}%`, width: `${at(75) - at(25)}%` }} />
      <span className="spread-median" style={{ insetInlineStart: `${at(50)}%` }} />
    </span>
  );
}
