import { useMemo, useState } from "react";
import { formatDuration, formatShare } from "../format/value";
import { t } from "../i18n/t";
import { frame, valuesAxis } from "./axes";
import { ChartMenu, NumbersTable } from "./chart";
import type { ChartTheme } from "./theme";

/** A stage: how long things spend in it; null where that was not observed. */
export interface Stage {
  id: string;
  name: string;
  seconds: number | null;
  n?: number;
  /** Below its value, in small: how it was before. */
  note?: string;
}

interface Drawn extends Stage {
  /** Where it begins, in seconds since the beginning of the first. */
  begin: number;
  /** Its share of all; null where it was not observed. */
  share: number | null;
}

/** Stages one after the other, each beginning where the one before ends: where time goes. Drawn without a library, but for what is saved as an image. */
export function Waterfall({ title, stages, onPick }: { title: string; stages: Stage[]; onPick?: (stage: Stage) => void }) {
  const [isTable, setTable] = useState(false);
  const total = stages.reduce((sum, { seconds }) => sum + (seconds ?? 0), 0);
  const drawn = useMemo(() => drawnOf(stages, total), [stages, total]);
  const option = useMemo(() => (theme: ChartTheme) => optionOf(drawn, theme), [drawn]);
  const table = { heads: [t("chart.stage"), `${t("chart.duration")} (s)`, t("chart.share")], rows: drawn.map(({ name, seconds, share }) => [name, seconds, share]) };
  return (
    <figure className="chart" aria-label={title}>
      <ChartMenu title={title} table={table} isTable={isTable} onTable={setTable} option={option} isEmpty={total === 0} />
      {isTable ? <NumbersTable title={title} table={table} /> : <Bars title={title} drawn={drawn} total={total} onPick={onPick} />}
    </figure>
  );
}

function drawnOf(stages: Stage[], total: number): Drawn[] {
  let begin = 0;
  return stages.map((stage) => {
    const drawn = { ...stage, begin, share: stage.seconds === null || total === 0 ? null : stage.seconds / total };
    begin += stage.seconds ?? 0;
    return drawn;
  });
}

function Bars({ title, drawn, total, onPick }: { title: string; drawn: Drawn[]; total: number; onPick?: (stage: Stage) => void }) {
  const percent = (seconds: number) => `${total === 0 ? 0 : (seconds / total) * 100}%`;
  return (
    <div className="waterfall" role="list" aria-label={title}>
      {drawn.map((stage, index) => (
        <div key={stage.id} role="listitem" className="waterfall-row">
          <span className="waterfall-name">{onPick === undefined ? stage.name : <button type="button" className="link" onClick={() => onPick(stage)}>{stage.name}</button>}</span>
          <span className="waterfall-track" aria-hidden="true">
            <span className={`waterfall-bar series-${(index % 8) + 1}`} style={{ marginInlineStart: percent(stage.begin), width: percent(stage.seconds ?? 0) }} />
          </span>
          <span className="waterfall-value">
            {stage.seconds === null ? t("ui.none") : formatDuration(stage.seconds)}
            {stage.share !== null && <small>{formatShare(stage.share)}</small>}
            {stage.note !== undefined && <span className="waterfall-note">{stage.note}</span>}
          </span>
        </div>
      ))}
    </div>
  );
}

/** The same as a chart of the library, for images. */
function optionOf(drawn: Drawn[], theme: ChartTheme) {
  return {
    grid: frame({ right: 90 }),
    xAxis: valuesAxis(theme, { written: (seconds) => formatDuration(seconds) }),
    yAxis: { type: "category", inverse: true, data: drawn.map(({ name }) => name), axisTick: { show: false }, axisLine: { show: false }, axisLabel: { color: theme.muted } },
    series: [
      { type: "bar", stack: "all", silent: true, itemStyle: { color: "transparent" }, data: drawn.map(({ begin }) => begin) },
      {
        type: "bar",
        stack: "all",
        barMaxWidth: 28,
        label: { show: true, position: "right", color: theme.text, formatter: ({ dataIndex }: { dataIndex: number }) => formatDuration(drawn[dataIndex]?.seconds) },
        data: drawn.map(({ seconds }, index) => ({ value: seconds ?? 0, itemStyle: { color: theme.series[index % theme.series.length] } })),
      },
    ],
  };
}
