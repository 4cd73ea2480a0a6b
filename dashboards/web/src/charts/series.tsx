import { useMemo } from "react";
import type { Point, Unit } from "../data/types";
import { formatStep } from "../format/time";
import { formatBare, formatValue } from "../format/value";
import { t } from "../i18n/t";
import { frame, legend, markLine, namesAxis, valuesAxis } from "./axes";
import { Chart } from "./chart";
import { axisOf, partialStep } from "./steps";
import type { ChartTheme } from "./theme";
import { tip, type TipLine } from "./tip";

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
    () => (theme: ChartTheme) => ({
      xAxis: namesAxis(theme, names, kind !== "line"),
      yAxis: valuesAxis(theme, { ...axis, written: (value) => formatBare(value, unit) }),
      ...(series.length > 1 ? { legend: legend(theme), grid: frame({ hasLegend: true }) } : {}),
      tooltip: {
        formatter: (marks: Mark[]) => {
          const index = marks[0]?.dataIndex ?? 0;
          return tip(names[index] ?? "", tipLines(series, unit, index, marks), index === partial ? t("chart.partial") : undefined);
        },
      },
      series: series.map((line, nth) => ({
        ...drawn(line, kind, partial),
        color: line.color ?? theme.series[nth % theme.series.length],
        areaStyle: kind === "line" && series.length === 1 ? { opacity: 0.08 } : undefined,
        markLine: nth === 0 && target !== undefined ? markLine(theme.muted, [{ yAxis: target.value, name: target.name }], { position: "insideEndTop", backgroundColor: theme.surface, padding: [1, 4], borderRadius: 3 }) : undefined,
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

/** A mark under the pointer, as ECharts states it. */
interface Mark {
  dataIndex: number;
  color: string;
  seriesIndex: number;
}

function tipLines(series: Series[], unit: Unit, index: number, marks: Mark[]): TipLine[] {
  return series.map((line, nth) => {
    const point = line.points[index];
    const color = marks.find((mark) => mark.seriesIndex === nth)?.color;
    return { color, name: line.name, value: point === undefined ? "–" : `${formatValue(point.value, unit)} · ${t("chart.n", { n: point.n })}` };
  });
}

/** How a series is drawn, but for its colors. */
function drawn(line: Series, kind: "line" | "bar" | "stacked", partial: number | undefined) {
  return {
    name: line.name,
    type: kind === "line" ? "line" : "bar",
    stack: kind === "stacked" ? "all" : undefined,
    data: line.points.map((point, index) => mark(point.value, index === partial && kind !== "line")),
    connectNulls: false,
    showSymbol: line.points.length < 32,
    symbolSize: 5,
    barMaxWidth: 28,
    lineStyle: { width: 2, type: line.isReference ? "dashed" : "solid" },
  };
}

function mark(value: number | null | undefined, isPartial: boolean) {
  return isPartial ? { value: value ?? null, itemStyle: { opacity: 0.55, decal: { symbol: "rect", dashArrayX: [1, 0], dashArrayY: [2, 5], rotation: -Math.PI / 4 } } } : (value ?? null);
}

function partialArea(names: string[], partial: number, theme: { line: string }) {
  const from = names[Math.max(partial - 1, 0)];
  return { silent: true, itemStyle: { color: theme.line, opacity: 0.45 }, data: [[{ xAxis: from }, { xAxis: names[partial] }]] };
}
