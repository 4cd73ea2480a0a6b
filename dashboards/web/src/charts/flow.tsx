import { useMemo } from "react";
import { formatShortDay } from "../format/time";
import { formatNumber } from "../format/value";
import { t } from "../i18n/t";
import { frame, legend, namesAxis, valuesAxis } from "./axes";
import { Chart } from "./chart";
import type { ChartTheme } from "./theme";
import { tip } from "./tip";

/** How many things are in each state at the end of each day, the states from the last to the first: a cumulative flow. */
export function CumulativeFlow({ title, days, states, height = 280 }: { title: string; days: string[]; states: { name: string; counts: (number | null)[] }[]; height?: number }) {
  const option = useMemo(
    () => (theme: ChartTheme) => ({
      xAxis: namesAxis(theme, days.map((day) => formatShortDay(day)), false),
      yAxis: valuesAxis(theme, { minInterval: 1 }),
      legend: legend(theme),
      grid: frame({ hasLegend: true }),
      tooltip: {
        formatter: (marks: { dataIndex: number; color: string; seriesIndex: number }[]) => {
          const index = marks[0]?.dataIndex ?? 0;
          return tip(formatShortDay(days[index] ?? 0), states.map((state, nth) => ({ color: marks.find((mark) => mark.seriesIndex === nth)?.color, name: state.name, value: formatNumber(state.counts[index] ?? 0) })));
        },
      },
      series: states.map((state) => ({ name: state.name, type: "line", stack: "all", symbol: "none", lineStyle: { width: 1 }, areaStyle: { opacity: 0.55 }, data: state.counts })),
    }),
    [days, states],
  );
  const table = { heads: [t("chart.step"), ...states.map(({ name }) => name)], rows: days.map((day, index) => [formatShortDay(day), ...states.map(({ counts }) => counts[index] ?? null)]) };
  return <Chart title={title} option={option} table={table} height={height} isEmpty={days.length === 0} />;
}
