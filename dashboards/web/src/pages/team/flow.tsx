import { useMetrics, useScopes } from "../../data/queries";
import type { MetricAnswer } from "../../data/types";
import { formatNumber, formatValue } from "../../format/value";
import { t } from "../../i18n/t";
import { Card, Delta, Empty, Loaded, MetricInfo, Skeleton } from "../../ui";
import { ofAnswer } from "../parts/measured";
import { MetricGrid } from "../parts/metric-grid";
import { OpenChanges } from "../parts/open-changes";
import { ReviewQueue } from "./review-load";
import type { Subject } from "./subject";

const NAMES = ["pickup_time", "time_to_first_review", "time_to_merge", "changes_in_progress", "merged_without_review", "busiest_reviewer"];

/** Open changes, the way through review, and who reviews for whom, by team. */
export function TeamFlow({ team, filter }: Subject) {
  return (
    <div className="stack">
      <OpenChanges filter={filter} />
      <ReviewQueue team={team} filter={filter} />
      <MetricGrid names={NAMES} filter={filter} scope={{ team }} />
      <ReviewLoad team={team} filter={filter} />
    </div>
  );
}

/** Reviews from team to team, of the team itself or of the teams that are part of it: each review is counted once. */
function ReviewLoad({ team, filter }: Subject) {
  const answers = useMetrics(["reviews"], { by: "review_teams", series: false, filter: { ...filter, team: undefined } });
  return (
    <Card title={t("team.review_load")} note={t("team.review_load_note")}>
      <Loaded query={answers} skeleton={<Skeleton height={140} />}>
        {({ data: [answer] }) => answer !== undefined && <Pairs team={team} answer={answer} />}
      </Loaded>
    </Card>
  );
}

const ARROW = " → ";

/** The team, or the teams without parts below it. */
function leavesOf(team: string, known: { name: string; parent?: string | null }[]): Set<string> {
  const below = known.filter(({ parent }) => parent === team);
  return below.length === 0 ? new Set([team]) : new Set(below.flatMap(({ name }) => [...leavesOf(name, known)]));
}

function Pairs({ team, answer }: { team: string; answer: MetricAnswer }) {
  const { teams: known } = useScopes();
  const leaves = leavesOf(team, known);
  const isParent = (name: string) => known.some(({ parent }) => parent === name);
  const pairs = answer.slices
    .map((part) => ({ part, teams: (part.slice ?? "").split(ARROW) }))
    .filter(({ teams }) => teams.some((name) => leaves.has(name)) && !teams.some(isParent))
    .sort((one, other) => other.part.n - one.part.n);
  if (pairs.length === 0) return <Empty title={t("team.no_reviews")} />;
  const most = Math.max(...pairs.map(({ part }) => part.n), 1);
  return (
    <table className="table table-small pairs">
      <caption className="visually-hidden">{t("team.review_load")}</caption>
      <thead>
        <tr>
          <th scope="col">{t("team.reviewed_by")}</th>
          <th scope="col">{t("team.reviewed_for")}</th>
          <th scope="col" className="minor" aria-hidden="true" />
          <th scope="col" className="end">
            {answer.metric.title}
            <MetricInfo metric="reviews" answer={ofAnswer(answer)} />
          </th>
          <th scope="col" className="end">{t("chart.count")}</th>
        </tr>
      </thead>
      <tbody>
        {pairs.map(({ part, teams }) => (
          <tr key={part.slice}>
            <th scope="row">{teams[0]}</th>
            <td>{teams[1]}</td>
            <td className="minor pair-track">
              <span className="pair-bar" style={{ width: `${(part.n / most) * 100}%` }} />
            </td>
            <td className="end">
              {formatValue(part.value, answer.metric.unit)} <Delta metric="reviews" unit={answer.metric.unit} compared={part.compared} />
            </td>
            <td className="end note">{formatNumber(part.n)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
