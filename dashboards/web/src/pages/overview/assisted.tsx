import { measuredQuestionOf, useFilter } from "../../data/filter";
import { useDirection, useMetrics, useRest } from "../../data/queries";
import type { MetricAnswer, Schema, Unit } from "../../data/types";
import { verdictOf } from "../../format/direction";
import { t } from "../../i18n/t";
import { Badge, Card, Empty, Loaded, MetricInfo, Skeleton, Value } from "../../ui";
import { signed } from "../parts/contributions";
import { answerOf, ofAnswer, ofSlice, valueOf, type Measured } from "../parts/measured";
import { MetricStat, Trend } from "../parts/metric-card";
import { OVER_TIME } from "./questions";
import { differenceRange, medianRange, rateRange, type Range } from "./uncertainty";

const COMPARED = ["change_lead_time", "change_cycle_time", "merged_without_review", "change_size"];
type Distribution = Schema<"Answer_Distribution">["data"];

/** How much of the work is made with AI, and how its changes differ from the others, with the uncertainty of that. */
export function Assisted() {
  const share = useMetrics(OVER_TIME);
  const compared = useMetrics(COMPARED, { by: "ai", series: false });
  return (
    <Card className="assisted" title={t("overview.assisted")} note={t("overview.assisted_note")}>
      <Loaded query={share} skeleton={<Skeleton height={96} />}>
        {({ data }) => <AssistedShare answer={answerOf(data, "assisted_changes")} />}
      </Loaded>
      <Loaded query={compared} skeleton={<Skeleton height={200} />}>
        {({ data }) => <Differences answers={data} />}
      </Loaded>
    </Card>
  );
}

function AssistedShare({ answer }: { answer: MetricAnswer | undefined }) {
  if (answer === undefined) return null;
  const metric = ofAnswer(answer);
  return (
    <div className="stat-trend">
      <MetricStat metric={metric} />
      <Trend metric={metric} width={120} height={44} />
    </div>
  );
}

function useDistribution(metric: string): Distribution | undefined {
  const filter = useFilter();
  const query = { ...measuredQuestionOf(filter), by: "ai" };
  return useRest("/api/v1/metrics/{name}/distribution", query as never, { names: { name: metric } }).data?.data as Distribution | undefined;
}

function Differences({ answers }: { answers: MetricAnswer[] }) {
  const leadTimes = useDistribution("change_lead_time");
  const cycleTimes = useDistribution("change_cycle_time");
  const sizes = useDistribution("change_size");
  const known: Record<string, Distribution | undefined> = { change_lead_time: leadTimes, change_cycle_time: cycleTimes, change_size: sizes };
  const lines = COMPARED.map((name) => answerOf(answers, name)).flatMap((answer) => {
    if (answer === undefined) return [];
    const [assisted, unassisted] = [ofSlice(answer, "assisted"), ofSlice(answer, "unassisted")];
    return assisted === undefined || unassisted === undefined ? [] : [{ assisted, unassisted }];
  });
  if (lines.length === 0) return <Empty title={t("overview.no_assisted")}>{t("overview.no_assisted_text")}</Empty>;
  return (
    <>
      <div className="table-scroll" role="region" aria-label={t("table.scroll", { title: t("overview.assisted_compared") })} tabIndex={0}>
        <table className="table table-small compared">
          <caption className="visually-hidden">{t("overview.assisted_compared")}</caption>
          <thead>
            <tr>
              <th scope="col">{t("overview.metric")}</th>
              <th scope="col" className="end">{t("overview.with_ai")}</th>
              <th scope="col" className="end">{t("overview.without_ai")}</th>
              <th scope="col" className="end">{t("overview.difference")}</th>
            </tr>
          </thead>
          <tbody>
            {lines.map(({ assisted, unassisted }) => (
              <Line key={assisted.metric} assisted={assisted} unassisted={unassisted} distribution={known[assisted.metric]} />
            ))}
          </tbody>
        </table>
      </div>
      <p className="note">{t("overview.assisted_caution")}</p>
    </>
  );
}

function Line({ assisted, unassisted, distribution }: { assisted: Measured; unassisted: Measured; distribution: Distribution | undefined }) {
  const difference = assisted.value === null || unassisted.value === null ? null : assisted.value - unassisted.value;
  const [one, other] = [assisted, unassisted].map((part) => ({ value: part.value ?? 0, range: rangeOf(part, distribution, part === assisted ? "assisted" : "unassisted") }));
  const range = difference === null || one?.range == null || other?.range == null ? null : differenceRange({ value: one.value, range: one.range }, { value: other.value, range: other.range });
  return (
    <tr>
      <th scope="row">
        {assisted.title}
        <MetricInfo metric={assisted.metric} answer={assisted} />
      </th>
      {[assisted, unassisted].map((part, index) => (
        <td key={index === 0 ? "with" : "without"} className="end">
          <Value value={part.value} unit={part.unit} />
          <div className="note">{t("chart.n", { n: part.n })}</div>
        </td>
      ))}
      <td className="end">
        <Difference metric={assisted.metric} unit={assisted.unit} difference={difference} range={range} />
      </td>
    </tr>
  );
}

function Difference({ metric, unit, difference, range }: { metric: string; unit: Unit; difference: number | null; range: Range | null }) {
  const direction = useDirection(metric);
  if (difference === null) return "–";
  const isClear = range !== null && (range.low > 0 || range.high < 0);
  const verdict = isClear ? verdictOf(Math.sign(difference), direction) : "neutral";
  return (
    <>
      <span className={`delta delta-${verdict}`}>{signed(difference, unit)}</span>
      <div className="note">{range === null ? t("overview.no_range") : <span className="range"><span>{signed(range.low, unit)} …</span> <span>{signed(range.high, unit)}</span></span>}</div>
      {range !== null && !isClear && <Badge>{t("overview.unclear")}</Badge>}
    </>
  );
}

/** The range of a part's value: of a rate from its counts, of a median from its distribution. */
function rangeOf(part: Measured, distribution: Distribution | undefined, slice: string): Range | null {
  if (part.unit === "ratio") {
    const yes = valueOf(part.values, "yes");
    return yes === null ? null : rateRange(yes, valueOf(part.values, "of") ?? 0);
  }
  const found = distribution?.slices.find((candidate) => candidate.slice === slice);
  return found === undefined ? null : medianRange(found.percentiles.flatMap(({ percentile, value }) => (value === null || value === undefined ? [] : [{ percentile, value }])), found.n);
}
