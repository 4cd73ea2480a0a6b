import { Link } from "@tanstack/react-router";
import { questionOf, useFilter } from "../../data/filter";
import { useList, useMetrics } from "../../data/queries";
import { formatDuration } from "../../format/value";
import { t } from "../../i18n/t";
import { Badge, Card, Loaded, Moment, Skeleton } from "../../ui";
import { answerOf, ofAnswer } from "../parts/measured";
import { MetricStat, Trend } from "../parts/metric-card";
import { severityTone } from "../parts/severity";
import { OVER_TIME } from "./questions";

const NAMES = ["incidents", "time_to_restore"];

/** Incidents, the time to restore, and the latest incidents. */
export function Reliability() {
  const answers = useMetrics(OVER_TIME);
  return (
    <Card title={t("overview.reliability")} actions={<Link to="/incidents">{t("overview.all_incidents")}</Link>}>
      <Loaded query={answers} skeleton={<Skeleton height={120} />}>
        {({ data }) => (
          <div className="stack">
            {NAMES.map((name) => answerOf(data, name)).map(
              (answer) =>
                answer !== undefined && (
                  <div key={answer.metric.name} className="stat-trend">
                    <MetricStat metric={ofAnswer(answer)} />
                    <Trend metric={ofAnswer(answer)} width={120} height={44} />
                  </div>
                ),
            )}
          </div>
        )}
      </Loaded>
      <LatestIncidents />
    </Card>
  );
}

function LatestIncidents() {
  const filter = useFilter();
  const list = useList("/api/v1/incidents", questionOf(filter) as never, { limit: 4 });
  if (list.rows === undefined) return <Skeleton height={150} />;
  if (list.rows.length === 0) return <p className="note">{t("overview.no_incidents")}</p>;
  return (
    <ul className="plain-list">
      {list.rows.slice(0, 4).map((incident) => (
        <li key={incident.id}>
          <span className="grow">
            <Link to="/incidents/$" params={{ _splat: incident.id }}>
              {incident.title}
            </Link>
            <small className="note">
              <Moment at={incident.detected_at} />
            </small>
          </span>
          {incident.severity !== null && incident.severity !== undefined && <Badge tone={severityTone(incident.severity)}>{incident.severity}</Badge>}
          <span className="note">{incident.state === "open" ? <Badge tone="bad">{t("overview.open")}</Badge> : formatDuration(incident.time_to_restore_seconds)}</span>
        </li>
      ))}
    </ul>
  );
}
