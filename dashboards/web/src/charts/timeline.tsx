import { useMemo } from "react";
import { formatShortDay, formatTime, secondsBetween } from "../format/time";
import { formatDuration } from "../format/value";
import { Chart } from "./chart";
import type { ChartTheme } from "./theme";
import { tip } from "./tip";

/** Something that happened at a time, or lasted from then to another; without an end it lasts still. */
export interface TimelineEvent {
  id: string;
  lane: string;
  name: string;
  from: string;
  /** When it ended; undefined for what has no length. */
  to?: string | null;
}

/** A lane: a name, and whether what is in it is good or bad. */
export interface Lane {
  id: string;
  name: string;
  tone: "neutral" | "good" | "warn" | "bad";
}

interface TimelineProps {
  title: string;
  window: { from: string; to: string };
  lanes: Lane[];
  events: TimelineEvent[];
  heads: [when: string, what: string, lane: string];
  onPick?: (event: TimelineEvent) => void;
}

/** What happened when, in lanes over one axis of time. */
export function Timeline({ title, window, lanes, events, heads, onPick }: TimelineProps) {
  const inLanes = useMemo(() => lanes.map((lane) => events.filter((event) => event.lane === lane.id)), [lanes, events]);
  const option = useMemo(
    () => (theme: ChartTheme) => ({
      xAxis: { type: "time", min: window.from, max: window.to, axisLine: { lineStyle: { color: theme.line } }, axisLabel: { color: theme.muted, hideOverlap: true, formatter: (time: number) => formatShortDay(time) }, splitLine: { show: false } },
      yAxis: { type: "category", inverse: true, data: lanes.map(({ name }) => name), axisTick: { show: false }, axisLine: { show: false }, axisLabel: { color: theme.muted, width: 130, overflow: "break" }, splitLine: { show: true, lineStyle: { color: theme.line } } },
      tooltip: { trigger: "item", formatter: ({ data, color }: { data: { event: TimelineEvent }; color: string }) => tipOf(data.event, color) },
      series: lanes.map((lane, nth) => ({
        name: lane.name,
        type: "scatter",
        symbol: "roundRect",
        symbolSize: [7, 16],
        itemStyle: { color: colorOf(lane, theme), opacity: 0.75 },
        data: (inLanes[nth] ?? []).map((event) => ({ value: [event.from, lane.name], event })),
      })),
    }),
    [lanes, inLanes, window],
  );
  const table = { heads, rows: events.map(({ from, name, lane }) => [formatTime(from), name, lanes.find(({ id }) => id === lane)?.name ?? lane]) };
  const pick = onPick === undefined ? undefined : (series: number, index: number) => {
    const event = inLanes[series]?.[index];
    if (event !== undefined) onPick(event);
  };
  return <Chart title={title} option={option} table={table} height={44 * lanes.length + 40} onPick={pick} isEmpty={events.length === 0} />;
}

function colorOf({ tone }: Lane, theme: ChartTheme): string | undefined {
  return tone === "neutral" ? theme.series[0] : theme[tone];
}

function tipOf({ name, from, to }: TimelineEvent, color: string): HTMLElement {
  const lines = [{ color, name: formatTime(from), value: "" }];
  if (to !== null && to !== undefined) lines.push({ color, name: formatTime(to), value: formatDuration(secondsBetween(from, to)) });
  return tip(name, lines);
}
