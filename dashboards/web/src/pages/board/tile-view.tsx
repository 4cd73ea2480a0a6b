import { Link } from "@tanstack/react-router";
import { useMemo, type CSSProperties, type ReactNode } from "react";
import { DRAWN, kindOf, linesOf } from "../../charts/lines";
import { SeriesChart } from "../../charts/series";
import type { Tile } from "../../data/boards";
import { intervalOf, measuredQuestionOf, useFilter, type FilterSearch } from "../../data/filter";
import { defined, useDefinitions, useRest } from "../../data/queries";
import type { MetricAnswer } from "../../data/types";
import { formatWindow } from "../../format/time";
import { t } from "../../i18n/t";
import { Card, Delta, Loaded, MetricInfo, Skeleton, Value } from "../../ui";
import { ofAnswer } from "../parts/measured";
import { Trend } from "../parts/metric-card";
import { TileTable } from "./tile-table";
import "./board.css";

/** The height of a row of the board and the space between two, as board.css has them. */
const ROW = 52;
const GAP = 16;
/** What the head and the numbers of a tile take of its height. */
const HEAD = 118;

/** A tile: its question answered, as a chart or as a table. What it leaves open is taken from the filter. */
export function TileView({ tile, tools }: { tile: Tile; tools?: ReactNode }) {
  const filter = useFilter();
  const definitions = useDefinitions();
  const query = { names: tile.metrics.join(","), ...questionFor(tile, filter), by: tile.by, repository: tile.repository };
  const answers = useRest("/api/v1/answers", defined(query) as never) as unknown as Parameters<typeof Loaded<{ data: MetricAnswer[] }>>[0]["query"];
  const opened = exploredOf(tile, filter);
  const title = tile.title ?? tile.metrics.map((name) => definitions.get(name)?.title ?? name).join(", ");
  const place = { "--width": tile.width ?? 6, "--height": tile.height ?? 4 } as CSSProperties;
  const height = Math.max((tile.height ?? 4) * (ROW + GAP) - GAP - HEAD, 80);
  return (
    <div className="tile" style={place}>
      <Card title={title} note={noteOf(tile, answers.data?.data[0])} actions={tools}>
        <div className="tile-body">
          <Loaded query={answers} skeleton={<Skeleton height={height} />}>
            {({ data }) => (tile.form === "table" ? <TileTable answers={data} title={title} question={opened} /> : <TileCharts answers={data} title={title} width={tile.width ?? 6} height={height} scope={scopeOf(tile, filter)} question={opened} />)}
          </Loaded>
        </div>
      </Card>
    </div>
  );
}

/** The question of a tile: its own window, scope, interval and comparison, or those of the filter. */
export function questionFor(tile: Tile, filter: FilterSearch): Record<string, string | undefined> {
  const { tenant, window, from, to, time_zone, team, service, environment } = measuredQuestionOf(filter) as Record<string, string | undefined>;
  const hasWindow = (tile.window ?? tile.from ?? tile.to) !== null && (tile.window ?? tile.from ?? tile.to) !== undefined;
  const hasScope = (tile.team ?? tile.service) !== null && (tile.team ?? tile.service) !== undefined;
  const own = (value: string | null | undefined) => value ?? undefined;
  return {
    tenant,
    ...(hasWindow ? { window: own(tile.window), from: own(tile.from), to: own(tile.to) } : { window, from, to }),
    ...(hasScope ? { team: own(tile.team), service: own(tile.service) } : { team, service }),
    time_zone: own(tile.time_zone) ?? time_zone,
    environment: own(tile.environment) ?? environment,
    interval: own(tile.interval) ?? (hasWindow ? undefined : intervalOf(filter)),
    compare: own(tile.compare),
  };
}

/** The question of a tile as Explore has it in its address. */
function exploredOf(tile: Tile, filter: FilterSearch): Record<string, string | undefined> {
  const { compare } = tile;
  return { ...questionFor(tile, filter), by: tile.by ?? undefined, repository: tile.repository ?? undefined, compare: compare ?? "none" };
}

function scopeOf(tile: Tile, filter: FilterSearch): string {
  return tile.service ?? tile.team ?? filter.service ?? filter.team ?? t("explore.whole");
}

function noteOf(tile: Tile, answer: MetricAnswer | undefined): string {
  const scope = tile.service ?? tile.team ?? tile.repository;
  const parts = [scope, answer === undefined ? undefined : formatWindow(answer.window)].filter((part) => part !== null && part !== undefined);
  return parts.length === 0 ? " " : parts.join(" · ");
}

/** The width of a column of the board, roughly, and what a chart needs beside another. */
const COLUMN = 85;
const CHART = 235;
/** Below this height a chart is a small trend without axes. */
const LEAST = 96;

function TileCharts({ answers, title, width, height, scope, question }: { answers: MetricAnswer[]; title: string; width: number; height: number; scope: string; question: Record<string, string | undefined> }) {
  const inRow = Math.min(Math.max(Math.floor((width * COLUMN) / CHART), 1), answers.length);
  // beside each other, their numbers take a second line
  const head = inRow > 1 ? 26 : 0;
  const each = Math.floor((height + 40) / Math.ceil(answers.length / inRow)) - 40 - head;
  return (
    <div className="tile-charts">
      {answers.map((answer) => (
        <TileChart key={answer.metric.name} answer={answer} title={answers.length > 1 ? answer.metric.title : title} height={each} scope={scope} isNamed={answers.length > 1} question={question} />
      ))}
    </div>
  );
}

function TileChart({ answer, title, height, scope, isNamed, question }: { answer: MetricAnswer; title: string; height: number; scope: string; isNamed: boolean; question: Record<string, string | undefined> }) {
  const { metric, whole, slices, interval } = answer;
  const series = useMemo(() => linesOf(answer, scope), [answer, scope]);
  return (
    <div>
      <p className="tile-value">
        {isNamed && <span>{metric.title}</span>}
        <strong>
          <Value value={whole.value} unit={metric.unit} why={whole.caveats[0]?.text} />
        </strong>
        <Delta metric={metric.name} unit={metric.unit} compared={whole.compared} />
        <Link to="/explore" search={{ ...question, metric: metric.name } as never} className="note" aria-label={t("boards.explore", { title: metric.title, n: whole.n })}>
          {t("chart.n", { n: whole.n })}
        </Link>
        <MetricInfo metric={metric.name} answer={{ ...whole, value: whole.value ?? null, unit: metric.unit }} />
      </p>
      {height < LEAST ? (
        <Trend metric={ofAnswer(answer)} isWide height={Math.max(height, 36)} />
      ) : (
        <SeriesChart title={title} unit={metric.unit} interval={interval} series={series} kind={kindOf(answer)} height={height} />
      )}
      {slices.length > DRAWN && <p className="note">{t("explore.not_drawn", { n: slices.length - DRAWN, drawn: DRAWN })}</p>}
    </div>
  );
}
