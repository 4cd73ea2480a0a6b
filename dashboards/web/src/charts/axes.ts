import type { ChartTheme } from "./theme";

/** An axis of names, such as periods. */
export function namesAxis(theme: ChartTheme, names: string[], hasGap: boolean) {
  return { type: "category", data: names, boundaryGap: hasGap, axisTick: { show: false }, axisLine: { lineStyle: { color: theme.line } }, axisLabel: { color: theme.muted, hideOverlap: true, ...(hasGap ? {} : { alignMaxLabel: "right" }) } };
}

/** An axis of values, written by `written`. */
export function valuesAxis(theme: ChartTheme, options: { written?: (value: number) => string; interval?: number; max?: number; minInterval?: number } = {}) {
  const { written, ...ticks } = options;
  return { type: "value", splitNumber: 4, ...ticks, splitLine: { lineStyle: { color: theme.line } }, axisLabel: { color: theme.muted, ...(written === undefined ? {} : { formatter: written }) } };
}

/** Where a chart is drawn: all of its frame, without what a legend above it or labels beside it take. */
export function frame({ hasLegend = false, top = 12, right = 12 } = {}) {
  return { left: 4, right, top: hasLegend ? 36 : top, bottom: 4, outerBoundsMode: "same", outerBoundsContain: "axisLabel" };
}

/** The names of series, above the chart: one line, with arrows where they need more. */
export function legend(theme: ChartTheme, icon: "roundRect" | "circle" = "roundRect") {
  const paged = { type: "scroll", pageIconSize: 11, pageIconColor: theme.muted, pageIconInactiveColor: theme.line, pageTextStyle: { color: theme.muted } };
  return { ...paged, top: 0, left: 0, right: 40, icon, itemWidth: 10, itemHeight: 10, textStyle: { color: theme.muted } };
}

/** A line across the chart, or up, with its name. */
export function markLine(color: string, data: object[], label: object = {}) {
  return { silent: true, symbol: "none", lineStyle: { color, type: "dashed" }, label: { color, formatter: "{b}", ...label }, data };
}
