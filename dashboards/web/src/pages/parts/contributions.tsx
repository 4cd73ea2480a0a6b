import type { ReactNode } from "react";
import { useContributions, type Contribution, type Contributions, type PartBy, type StageContributions } from "../../data/moved";
import type { FilterSearch } from "../../data/filter";
import { useDirection } from "../../data/queries";
import type { Unit } from "../../data/types";
import { verdictOf } from "../../format/direction";
import { formatShort, formatValue } from "../../format/value";
import { t } from "../../i18n/t";
import { Loaded, Skeleton } from "../../ui";
import "./parts.css";

/** How many parts are listed; the rest is summed up in one line. */
const SHOWN = 8;

interface ContributionListProps {
  metric: string;
  by: PartBy;
  filter?: FilterSearch;
  /** What stands for a part: a link to its page. */
  nameOf: (part: string) => ReactNode;
}

/** Why a metric moved: what each part contributed, and each stage where the metric has stages. */
export function ContributionList({ metric, by, filter, nameOf }: ContributionListProps) {
  const contributions = useContributions(metric, by, { filter });
  return (
    <Loaded query={contributions} skeleton={<Skeleton height={220} />}>
      {({ data }) => (
        <div className="stack">
          <Parts data={data} by={by} nameOf={nameOf} />
          {data.stages !== null && <Stages stages={data.stages} />}
        </div>
      )}
    </Loaded>
  );
}

interface Line {
  key: string;
  name: ReactNode;
  contribution: number | null;
  before: number | null;
  now: number | null;
  n?: number;
}

function Parts({ data, by, nameOf }: { data: Contributions; by: PartBy; nameOf: (part: string) => ReactNode }) {
  const unit = data.metric.unit;
  const lines: Line[] = data.parts.slice(0, SHOWN).map(({ part, contribution, before_value, value, n }) => ({
    key: part ?? "",
    name: part === null ? t("parts.none_of_them") : nameOf(part),
    contribution,
    before: before_value,
    now: value,
    n,
  }));
  const rest = data.parts.slice(SHOWN);
  if (rest.length > 0) lines.push({ key: "rest", name: t("parts.others", { n: rest.length }), contribution: sumOf(rest), before: null, now: null });
  const remainder = data.remainder ?? 0;
  if (Math.abs(remainder) > Math.abs(data.difference ?? 0) * 0.01) lines.push({ key: "remainder", name: t("parts.remainder"), contribution: remainder, before: null, now: null });
  return <SignedBars title={t(`parts.by_${by}`)} metric={data.metric.name} unit={unit} lines={lines} note={t(`parts.method_${data.method}`)} />;
}

function sumOf(parts: Contribution[]): number {
  return parts.reduce((sum, { contribution }) => sum + (contribution ?? 0), 0);
}

function Stages({ stages }: { stages: StageContributions }) {
  const lines: Line[] = stages.stages.map(({ metric, title, contribution, before_mean, mean }) => ({ key: metric, name: title, contribution, before: before_mean, now: mean }));
  if (stages.remainder !== null && Math.abs(stages.remainder) >= 60) lines.push({ key: "remainder", name: t("parts.no_stage"), contribution: stages.remainder, before: null, now: null });
  return <SignedBars title={t("parts.by_stage")} metric="change_lead_time" unit="seconds" lines={lines} note={t("parts.method_stages")} isNamed />;
}

/** Signed values as bars from a line at zero: less on its left, more on its right. */
function SignedBars({ title, metric, unit, lines, note, isNamed = false }: { title: string; metric: string; unit: Unit; lines: Line[]; note: string; isNamed?: boolean }) {
  const sizes = lines.map(({ contribution }) => contribution ?? 0);
  const scale = { least: Math.min(...sizes, 0), most: Math.max(...sizes, 0) };
  return (
    <div>
      <table className="table table-small signed">
        <caption className={isNamed ? undefined : "visually-hidden"}>{title}</caption>
        <thead className="visually-hidden">
          <tr>
            <th scope="col">{title}</th>
            <th scope="col">{t("parts.contribution")}</th>
            <th scope="col">{t("parts.before_and_now")}</th>
          </tr>
        </thead>
        <tbody>
          {lines.map(({ key, name, contribution, before, now }) => (
            <tr key={key}>
              <th scope="row">{name}</th>
              <td className="signed-cell">
                <Bar metric={metric} contribution={contribution} scale={scale} />
                <span className="signed-value">{signed(contribution, unit)}</span>
              </td>
              <td className="end note signed-values">{before === null && now === null ? "" : `${formatValue(before, unit)} → ${formatValue(now, unit)}`}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <p className="note">{note}</p>
    </div>
  );
}

function Bar({ metric, contribution, scale }: { metric: string; contribution: number | null; scale: { least: number; most: number } }) {
  const value = contribution ?? 0;
  const whole = scale.most - scale.least || 1;
  const zero = (-scale.least / whole) * 100;
  const width = (Math.abs(value) / whole) * 100;
  const tone = verdictOf(Math.sign(value), useDirection(metric));
  const place = { insetInlineStart: `${value < 0 ? zero - width : zero}%`, width: `${width}%` };
  return (
    <span className="signed-track" aria-hidden="true">
      <span className="signed-zero" style={{ insetInlineStart: `${zero}%` }} />
      <span className={`signed-bar signed-${tone}`} style={place} />
    </span>
  );
}

/** A value with its sign. */
export function signed(value: number | null, unit: Unit): string {
  if (value === null) return "–";
  const size = Math.abs(value);
  const written = unit === "ratio" ? t("parts.points", { value: formatShort(size * 100) }) : formatValue(size, unit);
  return value > 0 ? `+${written}` : value < 0 ? `−${written}` : written;
}
