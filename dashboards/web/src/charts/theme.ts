import { useSyncExternalStore } from "react";
import { watchTheme } from "../app/theme";

/** The colors of charts, from the tokens of `ui/tokens.css`. */
export interface ChartTheme {
  text: string;
  muted: string;
  line: string;
  surface: string;
  accent: string;
  good: string;
  warn: string;
  bad: string;
  /** Colors of series, in order. */
  series: string[];
  font: string;
}

let cached: ChartTheme | undefined;

function read(): ChartTheme {
  if (cached !== undefined) return cached;
  const style = getComputedStyle(document.documentElement);
  const token = (name: string) => style.getPropertyValue(`--${name}`).trim();
  cached = {
    text: token("text"),
    muted: token("muted"),
    line: token("line"),
    surface: token("surface"),
    accent: token("accent"),
    good: token("good"),
    warn: token("warn"),
    bad: token("bad"),
    series: Array.from({ length: 8 }, (_, index) => token(`series-${index + 1}`)),
    font: token("font"),
  };
  return cached;
}

/** The colors of charts now; a component that reads them is rendered again when the theme changes. */
export function useChartTheme(): ChartTheme {
  return useSyncExternalStore(
    (changed) =>
      watchTheme(() => {
        cached = undefined;
        changed();
      }),
    read,
  );
}
