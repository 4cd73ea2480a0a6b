import { useMemo } from "react";
import type { Unit } from "../data/types";
import { formatShortDay, formatTime } from "../format/time";
import { formatBare, formatNumber, formatValue } from "../format/value";
import { t } from "../i18n/t";
import { frame, legend, markLine, namesAxis, valuesAxis } from "./axes";
import { Chart } from "./chart";
import { axisOf } from "./steps";
import type { ChartTheme } from "./theme";
import { tip } from "./tip";

interface Bucket {
  from?: number | null;
  to?: number | null;
  n: number;
}

/** How the values behind a metric are distributed, with percentiles as lines. */
export function Histogram({ title, unit, buckets, marks = [], height, onPick }: { title: string; unit: Unit; buckets: Bucket[]; marks?: { name: string; value: number }[]; height?: number; onPick?: (index: number) => void }) {
  const names = useMemo(() => buckets.map((bucket) => bucketName(bucket, unit)), [buckets, unit]);
  const option = useMemo(
    () => (theme: ChartTheme) => ({
      xAxis: namesAxis(theme, names, true),
      yAxis: valuesAxis(theme, { minInterval: 1 }),
      tooltip: { axisPointer: { type: "shadow" }, formatter: ([mark]: { dataIndex: number; color: string }[]) => tip(names[mark?.dataIndex ?? 0] ?? "", [{ color: mark?.color, name: t("chart.count"), value: formatNumber(buckets[mark?.dataIndex ?? 0]?.n ?? 0) }]) },
      series: [
        {
          type: "bar",
          barCategoryGap: "12%",
          data: buckets.map(({ n }) => n),
          color: theme.series[0],
          markLine: markLine(theme.muted, marks.map(markOf(buckets)), { color: theme.text }),
        },
      ],
      grid: frame({ top: 40 }),
    }),
    [names, buckets, marks],
  );
  const table = { heads: [t("chart.from"), t("chart.to"), t("chart.count")], rows: buckets.map(({ from, to, n }) => [from ?? null, to ?? null, n]) };
  return <Chart title={title} option={option} table={table} height={height} isEmpty={buckets.every(({ n }) => n === 0)} onPick={onPick === undefined ? undefined : (_, index) => onPick(index)} />;
}

/** A percentile; every second name is higher, so that those of neighbors stay separate on a phone. */
function markOf(buckets: Bucket[]) {
  return ({ name, value }: { name: string; value: number }, nth: number) => ({ name, xAxis: placeOf(value, buckets), label: { offset: [0, nth % 2 === 1 ? -14 : 0] } });
}

function bucketName({ from, to }: Bucket, unit: Unit): string {
  if (from === null || from === undefined) return `< ${formatBare(to, unit)}`;
  if (to === null || to === undefined) return `≥ ${formatBare(from, unit)}`;
  return `${formatBare(from, unit)} – ${formatBare(to, unit)}`;
}

/** The index of the bucket that holds a value. */
export function placeOf(value: number, buckets: Bucket[]): number {
  const index = buckets.findIndex(({ from, to }) => value >= (from ?? Number.NEGATIVE_INFINITY) && value < (to ?? Number.POSITIVE_INFINITY));
  return index === -1 ? buckets.length - 1 : index;
}

/** A thing of a scatter: when, how much, and its name. */
export interface ScatterPoint {
  at: string;
  value: number;
  name: string;
  group?: string;
}

/** Single things over time, with percentiles as lines across: cycle times, durations. */
export function Scatter({ title, unit, points, marks = [], height = 280, onPick }: { title: string; unit: Unit; points: ScatterPoint[]; marks?: { name: string; value: number }[]; height?: number; onPick?: (point: ScatterPoint) => void }) {
  const groups = useMemo(() => [...new Set(points.map(({ group }) => group ?? ""))], [points]);
  const option = useMemo(
    () => (theme: ChartTheme) => ({
      xAxis: { type: "time", axisLine: { lineStyle: { color: theme.line } }, axisLabel: { color: theme.muted, hideOverlap: true, formatter: (time: number) => formatShortDay(time) }, splitLine: { show: false } },
      yAxis: valuesAxis(theme, { ...axisOf(unit, points.map(({ value }) => value)), written: (value) => formatBare(value, unit) }),
      grid: frame({ hasLegend: groups.length > 1, right: 64 }),
      ...(groups.length > 1 ? { legend: legend(theme, "circle") } : {}),
      tooltip: { trigger: "item", formatter: ({ data, color }: { data: { point: ScatterPoint }; color: string }) => tip(data.point.name, [{ color, name: formatTime(data.point.at), value: formatValue(data.point.value, unit) }]) },
      series: groups.map((group, nth) => ({
        name: group,
        type: "scatter",
        symbolSize: 7,
        itemStyle: { opacity: 0.65 },
        data: points.filter((point) => (point.group ?? "") === group).map((point) => ({ value: [point.at, point.value], point })),
        markLine: nth > 0 ? undefined : markLine(theme.muted, marks.map(({ name, value }) => ({ name, yAxis: value }))),
      })),
    }),
    [groups, points, marks, unit],
  );
  const table = { heads: [t("chart.step"), t("chart.value"), t("chart.name")], rows: points.map(({ at, value, name }) => [formatTime(at), value, name]) };
  const pick = onPick === undefined ? undefined : (series: number, index: number) => {
    const point = points.filter((point) => (point.group ?? "") === groups[series])[index];
    if (point !== undefined) onPick(point);
  };
  return <Chart title={title} option={option} table={table} height={height} isEmpty={points.length === 0} onPick={pick} />;
}
