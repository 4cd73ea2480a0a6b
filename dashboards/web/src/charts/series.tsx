import { useMemo } from "react";
import type { Point, Unit } from "../data/types";
import { formatStep } from "../format/time";
import { formatBare, formatValue } from "../format/value";
import { t } from "../i18n/t";
import { Chart } from "./chart";
import { axisOf, partialStep } from "./steps";
import { tip } from "./tip";

/** One line or bar series: a name and the points of a metric. */
export interface Series {
  name: string;
  points: Pick<Point, "from" | "to" | "label" | "value" | "n">[];
  color?: string;
  /** Drawn dashed: an earlier period, another team. */
  isReference?: boolean;
}

interface SeriesChartProps {
  title: string;
  unit: Unit;
  interval: string;
  series: Series[];
  kind?: "line" | "bar" | "stacked";
  height?: number;
  /** A line across, such as a target. */
  target?: { value: number; name: string };
  /** A period was clicked. */
  onPick?: (from: string, to: string, series: string) => void;
}

/** A metric over time. Gaps are gaps; the period that is not over yet is hatched and named. */
export function SeriesChart({ title, unit, interval, series, kind = "line", height, target, onPick }: SeriesChartProps) {
  const steps = series[0]?.points ?? [];
  const names = useMemo(() => steps.map((point) => formatStep(point, interval)), [steps, interval]);
  const partial = partialStep(steps);
  const axis = useMemo(() => axisOf(unit, heights(series, kind === "stacked", target?.value)), [unit, series, kind, target]);
  const option = useMemo(
    () => (theme: { line: string; muted: string; series: string[]; surface: string }) => ({
      xAxis: { type: "category", data: names, boundaryGap: kind !== "line", axisTick: { show: false }, axisLine: { lineStyle: { color: theme.line } }, axisLabel: { color: theme.muted, hideOverlap: true } },
      yAxis: { type: "value", splitNumber: 4, ...axis, splitLine: { lineStyle: { color: theme.line } }, axisLabel: { color: theme.muted, formatter: (value: number) => formatBare(value, unit) } },
      ...(series.length > 1 ? { legend: { top: 0, left: 0, icon: "roundRect", itemWidth: 10, itemHeight: 10, textStyle: { color: theme.muted } }, grid: { left: 4, right: 12, top: 36, bottom: 4, outerBoundsMode: "same", outerBoundsContain: "axisLabel" } } : {}),
      tooltip: {
        formatter: (marks: { dataIndex: number; color: string; seriesIndex: number }[]) => {
          const index = marks[0]?.dataIndex ?? 0;
          const lines = series.map((line, nth) => {
            const point = line.points[index];
            const value = formatValue(point?.value, unit);
            return { color: marks.find((mark) => mark.seriesIndex === nth)?.color, name: line.name, value: point === undefined ? "–" : `${value} · ${t("chart.n", { n: point.n })}` };
          });
          return tip(names[index] ?? "", lines, index === partial ? t("chart.partial") : undefined);
        },
      },
      series: series.map((line, nth) => ({
        name: line.name,
        type: kind === "line" ? "line" : "bar",
        stack: kind === "stacked" ? "all" : undefined,
        data: line.points.map((point, index) => mark(point.value, index === partial && kind !== "line")),
        connectNulls: false,
        showSymbol: line.points.length < 32,
        symbolSize: 5,
        barMaxWidth: 28,
        color: line.color ?? theme.series[nth % theme.series.length],
        lineStyle: { width: 2, type: line.isReference ? "dashed" : "solid" },
        areaStyle: kind === "line" && series.length === 1 ? { opacity: 0.08 } : undefined,
        markLine: nth === 0 && target !== undefined ? { silent: true, symbol: "none", data: [{ yAxis: target.value, name: target.name }], lineStyle: { color: theme.muted, type: "dashed" }, label: { formatter: target.name, color: theme.muted, position: "insideEndTop" } } : undefined,
        markArea: nth === 0 && partial !== undefined && kind === "line" ? partialArea(names, partial, theme) : undefined,
      })),
    }),
    [names, series, kind, unit, partial, target, axis],
  );
  const table = {
    heads: [t("chart.step"), ...series.flatMap(({ name }) => [name, `n (${name})`])],
    rows: names.map((name, index) => [name, ...series.flatMap(({ points }) => [points[index]?.value ?? null, points[index]?.n ?? null])]),
  };
  const pick = onPick === undefined ? undefined : (nth: number, index: number) => {
    const step = steps[index];
    if (step !== undefined) onPick(step.from, step.to, series[nth]?.name ?? "");
  };
  const isEmpty = series.every(({ points }) => points.every(({ value }) => value === null));
  return <Chart title={title} option={option} table={table} height={height} onPick={pick} isEmpty={isEmpty} />;
}

/** What the axis has to reach. */
function heights(series: Series[], isStacked: boolean, target: number | undefined): number[] {
  const points = series[0]?.points.map((_, index) => series.map((line) => line.points[index]?.value ?? 0)) ?? [];
  return [...points.map((values) => (isStacked ? values.reduce((sum, value) => sum + value, 0) : Math.max(...values))), target ?? 0];
}

function mark(value: number | null | undefined, isPartial: boolean) {
  return isPartial ? { value: value ?? null, itemStyle: { opacity: 0.55, decal: { symbol: "rect", dashArrayX: [1, 0], dashArrayY: [2, 5], rotation: -Math.PI / 4 } } } : (value ?? null);
}

function partialArea(names: string[], partial: number, theme: { line: string }) {
  const from = names[Math.max(partial - 1, 0)];
  return { silent: true, itemStyle: { color: theme.line, opacity: 0.45 }, data: [[{ xAxis: from }, { xAxis: names[partial] }]] };
}
