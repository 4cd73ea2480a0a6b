import { useMemo } from "react";
import { Chart } from "../../charts/chart";
import type { ChartTheme } from "../../charts/theme";
import { tip } from "../../charts/tip";
import type { TimedItem } from "../../data/items";
import { formatBare, formatValue } from "../../format/value";
import { t } from "../../i18n/t";
import { columnsOf, ticksOf, typeOf } from "./ages";

interface AgingProps {
  title: string;
  items: TimedItem[];
  marks: { name: string; value: number }[];
  height: number;
  onPick: (id: string) => void;
}

/** Each item in progress by its age, on a logarithmic scale, in a column for its status; by type where all have one status. */
export function Aging({ title, items, marks, height, onPick }: AgingProps) {
  const aged = useMemo(() => items.filter(({ seconds }) => seconds !== null && seconds > 0), [items]);
  const columns = useMemo(() => columnsOf(aged), [aged]);
  const ticks = useMemo(() => ticksOf(aged), [aged]);
  const option = useMemo(
    () => (theme: ChartTheme) => ({
      xAxis: { type: "value", min: -0.5, max: columns.length - 0.5, interval: 1, axisTick: { show: false }, splitLine: { show: false }, axisLine: { lineStyle: { color: theme.line } }, axisLabel: { show: false } },
      yAxis: {
        type: "value",
        min: ticks[0],
        max: ticks.at(-1),
        axisLine: { show: false, onZero: false },
        axisTick: { show: false },
        splitLine: { customValues: ticks, lineStyle: { color: theme.line } },
        axisLabel: { customValues: ticks, color: theme.muted, formatter: (value: number) => formatBare(10 ** value, "seconds") },
      },
      grid: { left: 4, right: 40, top: 12, bottom: 24, outerBoundsMode: "same", outerBoundsContain: "axisLabel" },
      tooltip: { trigger: "item", formatter: ({ dataIndex }: { dataIndex: number }) => tipOf(aged[dataIndex]) },
      series: [
        {
          type: "scatter",
          symbolSize: 8,
          data: aged.map((item, nth) => ({ value: [place(columns, item, nth), Math.log10(item.seconds ?? 1)], itemStyle: { color: item.is_slow === true ? theme.warn : theme.series[0], opacity: 0.7 } })),
          markLine: { silent: true, symbol: "none", lineStyle: { color: theme.muted, type: "dashed" }, label: { color: theme.muted, formatter: "{b}" }, data: marks.map(({ name, value }) => ({ name, yAxis: Math.log10(value) })) },
        },
        // the names of the columns, at the bottom of each
        { type: "scatter", symbolSize: 0.1, silent: true, tooltip: { show: false }, data: columns.map((name, nth) => ({ value: [nth, ticks[0] ?? 0], name })), label: { show: true, position: "bottom", distance: 6, color: theme.muted, formatter: ({ name }: { name: string }) => name } },
      ],
    }),
    [aged, columns, marks, ticks],
  );
  const table = { heads: [t("product.item"), t("product.status"), t("product.type"), t("product.age")], rows: aged.map(({ key, title: name, status, kind, seconds }) => [`${key} ${name}`, status, kind, formatValue(seconds, "seconds")]) };
  const pick = (series: number, index: number) => {
    const item = series === 0 ? aged[index] : undefined;
    if (item !== undefined) onPick(item.id);
  };
  return <Chart title={title} option={option} table={table} height={height} isEmpty={aged.length === 0} onPick={pick} />;
}

function tipOf(item: TimedItem | undefined): HTMLElement | string {
  if (item === undefined) return "";
  return tip(`${item.key} ${item.title}`, [
    { name: t("product.status"), value: item.status },
    { name: t("product.age"), value: formatValue(item.seconds, "seconds") },
  ]);
}

/** Where an item stands in its column: beside others of the same age, always at the same place. */
function place(columns: string[], item: TimedItem, nth: number): number {
  const column = columns.includes(item.status) ? columns.indexOf(item.status) : columns.indexOf(typeOf(item));
  return column + (((nth * 37) % 61) / 61 - 0.5) * 0.7;
}
