import type { EChartsCoreOption } from "echarts/core";
import { lazy, Suspense, useEffect, useRef, useState, type ReactNode } from "react";
import { Button as AriaButton } from "react-aria-components";
import { t } from "../i18n/t";
import { Icon } from "../ui/icon";
import { frame } from "./axes";
import type { ECharts } from "./echarts";
import { useChartTheme, type ChartTheme } from "./theme";

// menus are not part of what is loaded with a chart
const OpenMenu = lazy(() => import("./chart-menu").then((file) => ({ default: file.ChartMenu })));

/** The numbers of a chart as a table: for screen readers, the menu, and export. */
export interface ChartTable {
  heads: string[];
  rows: (string | number | null)[][];
}

export interface ChartProps {
  /** Names the chart; not shown where the card has it. */
  title: string;
  /** The chart as ECharts takes it, without what the wrapper adds (text, colors, grid, tooltip's look). */
  option: (theme: ChartTheme) => EChartsCoreOption;
  /** The exact numbers. */
  table: ChartTable;
  height?: number;
  /** A mark was clicked: its series and the index of its point. */
  onPick?: (series: number, index: number) => void;
  /** In place of the chart where there is nothing to draw. */
  empty?: ReactNode;
  isEmpty?: boolean;
}

/** A chart: drawn when it is first seen, in the colors of the theme, with a menu for export and a table with its numbers. */
export function Chart({ title, option, table, height = 220, onPick, isEmpty = false, empty }: ChartProps) {
  const [isTable, setTable] = useState(false);
  const chart = useRef<ECharts | null>(null);
  return (
    <figure className="chart" aria-label={title}>
      <ChartMenu title={title} table={table} isTable={isTable} onTable={setTable} option={option} isEmpty={isEmpty} />
      {isEmpty ? (
        <div className="chart-empty" style={{ height }}>
          {empty ?? t("chart.no_data")}
        </div>
      ) : isTable ? (
        <NumbersTable title={title} table={table} />
      ) : (
        <>
          <Canvas chart={chart} option={option} height={height} onPick={onPick} />
          <div className="visually-hidden">
            <NumbersTable title={title} table={table} />
          </div>
        </>
      )}
    </figure>
  );
}

/** How long a page with a chart has been open when the library of charts is loaded, seen or not. */
const RESTED_MS = 4000;

type Library = typeof import("./echarts");
let library: Library | undefined;

/** Loads ECharts, once. */
async function loaded(): Promise<Library> {
  library ??= await import("./echarts");
  return library;
}

function Canvas(props: { chart: { current: ECharts | null }; option: ChartProps["option"]; height: number; onPick?: ChartProps["onPick"] }) {
  const { chart, option, height, onPick } = props;
  const canvas = useRef<HTMLDivElement>(null);
  const theme = useChartTheme();
  const latest = useRef({ option, theme, onPick });
  latest.current = { option, theme, onPick };

  useEffect(() => {
    const element = canvas.current;
    if (element === null) return;
    let isGone = false;
    const draw = ({ init }: Library, isPrinted = false) => {
      if (isGone || chart.current !== null) return;
      const drawn = init(element, null, { renderer: "canvas" });
      chart.current = drawn;
      const option = complete(latest.current.option(latest.current.theme), latest.current.theme);
      drawn.setOption(isPrinted ? { ...option, animation: false } : option);
      drawn.on("click", (event) => latest.current.onPick?.(event.seriesIndex ?? 0, event.dataIndex));
    };
    const seen = new IntersectionObserver(([entry]) => {
      if (entry?.isIntersecting !== true) return;
      seen.disconnect();
      void loaded().then((found) => draw(found));
    }, { rootMargin: "200px" });
    seen.observe(element);
    // a chart that was not scrolled to is drawn for paper too, for which the library has to be there
    const rested = setTimeout(() => void loaded(), RESTED_MS);
    const printed = () => {
      if (chart.current === null && library !== undefined) draw(library, true);
      chart.current?.getZr().flush();
    };
    addEventListener("beforeprint", printed);
    const resized = new ResizeObserver(() => chart.current?.resize());
    resized.observe(element);
    return () => {
      isGone = true;
      seen.disconnect();
      clearTimeout(rested);
      removeEventListener("beforeprint", printed);
      resized.disconnect();
      chart.current?.dispose();
      chart.current = null;
    };
  }, [chart]);

  useEffect(() => {
    chart.current?.setOption(complete(option(theme), theme), { notMerge: true });
    if (PRINTED.matches) chart.current?.getZr().flush();
  }, [chart, option, theme]);

  return <div ref={canvas} className={`chart-canvas ${onPick === undefined ? "" : "picks"}`} style={{ height }} aria-hidden="true" />;
}

const STILL = matchMedia("(prefers-reduced-motion: reduce)");
const PRINTED = matchMedia("print");

/** Adds what all charts share. */
function complete(option: EChartsCoreOption, theme: ChartTheme): EChartsCoreOption {
  return {
    color: theme.series,
    textStyle: { fontFamily: theme.font, fontSize: 12, color: theme.muted },
    grid: frame(),
    animation: !STILL.matches && !PRINTED.matches,
    animationDuration: 250,
    animationDurationUpdate: 250,
    ...option,
    tooltip: { trigger: "axis", confine: true, className: "chart-tip", transitionDuration: 0, axisPointer: { type: "line", lineStyle: { color: theme.muted, width: 1 } }, ...(option.tooltip as object | undefined) },
  };
}

/** The button of the chart's menu, which is loaded when it is first wanted. */
export function ChartMenu(props: { title: string; table: ChartTable; isTable: boolean; isEmpty: boolean; onTable: (value: boolean) => void; option: ChartProps["option"] }) {
  const { title, table, isTable, onTable, option, isEmpty } = props;
  const theme = useChartTheme();
  const [isWanted, setWanted] = useState(false);
  const exportImage = async (kind: "svg" | "png") => {
    const { exportChart } = await import("./export");
    await exportChart(title, kind, complete({ ...option(theme), animation: false }, theme), theme);
  };
  const button = (
    <AriaButton className="icon-button" aria-label={t("chart.menu", { title })} aria-haspopup="menu" onPress={() => setWanted(true)}>
      <Icon name="more" size={16} />
    </AriaButton>
  );
  return (
    <div className="chart-menu">
      {isWanted ? (
        <Suspense fallback={button}>
          <OpenMenu title={title} table={table} isTable={isTable} onTable={onTable} onImage={isEmpty ? undefined : (kind) => void exportImage(kind)} />
        </Suspense>
      ) : (
        button
      )}
    </div>
  );
}

/** The numbers of a chart, as a table. */
export function NumbersTable({ title, table }: { title: string; table: ChartTable }) {
  return (
    <div className="table-scroll" tabIndex={0} role="region" aria-label={t("table.scroll", { title })}>
      <table className="table">
        <caption className="visually-hidden">{title}</caption>
        <thead>
          <tr>
            {table.heads.map((head, index) => (
              <th key={head} scope="col" className={index === 0 ? "" : "end"}>
                {head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {table.rows.map((row, nth) => (
            // rows of a chart have no identity but their order
            <tr key={nth}>
              {row.map((cell, index) => (
                <td key={table.heads[index]} className={index === 0 ? "" : "end"}>
                  {cell ?? "–"}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
