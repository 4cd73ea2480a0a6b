import { Link } from "@tanstack/react-router";
import { partialStep } from "../../charts/steps";
import { Sparkline } from "../../charts/sparkline";
import { defined, useDefinitions, useDirection } from "../../data/queries";
import { verdictOf } from "../../format/direction";
import { formatNumber, formatValue } from "../../format/value";
import { t } from "../../i18n/t";
import { Card, Delta, LevelBadge, MetricInfo, Stat, Value } from "../../ui";
import { TargetLine } from "../targets/mark";
import type { Measured } from "./measured";
import { Observations } from "./rows";
import "./parts.css";

interface MetricProps {
  metric: Measured;
  /** What its rows are of: a team, a service, a project. */
  scope?: Record<string, string | undefined>;
}

/** A metric in a card: value, change, level, benchmark, number of observations, and its trend, which opens it in Explore. */
export function MetricCard({ metric, scope = {}, benchmark }: MetricProps & { benchmark?: string }) {
  const { team, service } = scope;
  return (
    <Card data-metric={metric.metric}>
      <MetricStat metric={metric} scope={scope} benchmark={benchmark} />
      <Link to="/explore" search={{ metric: metric.metric, ...defined({ team, service }) }} className="trend-link" aria-label={t("parts.open_trend", { title: metric.title })}>
        <Trend metric={metric} isWide height={44} />
      </Link>
    </Card>
  );
}

/** A metric without a card of its own. */
export function MetricStat({ metric, scope, benchmark }: MetricProps & { benchmark?: string }) {
  const { metric: name, title, value, unit, n, compared, level, score, caveats, target } = metric;
  const isNew = value !== null && compared !== null && compared !== undefined && (compared.value === null || compared.value === undefined);
  const isAverage = useDefinitions().get(name)?.aggregation === "open_at_day_end";
  return (
    <Stat
      label={
        <>
          {title}
          <MetricInfo metric={name} answer={metric} />
        </>
      }
      aside={
        <>
          <Delta metric={name} unit={unit} compared={compared} />
          {isNew && <span className="note">{t("parts.nothing_before")}</span>}
          <LevelBadge level={level} />
        </>
      }
      note={
        <span className="stat-notes">
          <Observations metric={name} title={title} n={n} scope={scope} />
          {target !== undefined && <TargetLine result={target} />}
          {compared?.team !== undefined && <span>{t("parts.of_team", { team: compared.team, value: formatValue(compared.value, unit) })}</span>}
          {isAverage && <span>{t("parts.average_of_days")}</span>}
          {caveats.some(({ code }) => code === "all_environments") && <span>{t("parts.all_environments")}</span>}
          {score !== null && score !== undefined && metric.benchmark !== null && metric.benchmark !== undefined && benchmark !== undefined && (
            <span>{t("parts.score", { score: oneDigit(score), group: benchmark, mean: oneDigit(metric.benchmark.mean) })}</span>
          )}
        </span>
      }
    >
      <Value value={value} unit={unit} why={caveats[0]?.text} />
    </Stat>
  );
}

/** The trend of a metric, in the color of its change; the period that is not over yet is dashed. */
export function Trend({ metric, width, isWide, height, isPlain = false }: { metric: Measured; width?: number; isWide?: boolean; height?: number; isPlain?: boolean }) {
  const partial = partialStep(metric.series);
  const points = metric.series.map(({ value }, index) => ({ value: value ?? null, isPartial: index === partial }));
  const direction = useDirection(metric.metric);
  const tone = isPlain ? "neutral" : verdictOf(metric.compared?.change, direction);
  return <Sparkline points={points} label={t("parts.trend", { title: metric.title })} tone={tone} width={width} isWide={isWide} height={height} />;
}

function oneDigit(value: number): string {
  return formatNumber(value, { maximumFractionDigits: 1 });
}
