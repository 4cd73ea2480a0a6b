import { useNavigate } from "@tanstack/react-router";
import { useMemo } from "react";
import type { Row } from "sei-client";
import { Timeline, type Lane, type TimelineEvent } from "../../charts/timeline";
import { measuredQuestionOf, questionOf, type FilterSearch } from "../../data/filter";
import { useList } from "../../data/queries";
import { t } from "../../i18n/t";
import { Card, Loaded, Skeleton } from "../../ui";

/** How many deployments and incidents are drawn: the latest. */
const DRAWN = 200;

/** Deployments and incidents of a service over the window. */
export function ServiceTimeline({ filter, window }: { filter: FilterSearch; window: { from: string; to: string } }) {
  const navigate = useNavigate();
  const deployments = useList("/api/v1/deployments", measuredQuestionOf(filter) as never, { limit: DRAWN });
  const incidents = useList("/api/v1/incidents", questionOf(filter) as never, { limit: DRAWN });
  const lanes: Lane[] = useMemo(
    () => [
      { id: "good", name: t("service.lane_good"), tone: "neutral" },
      { id: "rework", name: t("service.lane_rework"), tone: "warn" },
      { id: "failed", name: t("service.lane_failed"), tone: "bad" },
      { id: "incidents", name: t("service.lane_incidents"), tone: "bad" },
    ],
    [],
  );
  const events = useMemo(() => [...(deployments.rows ?? []).map(eventOfDeployment), ...(incidents.rows ?? []).map(eventOfIncident)], [deployments.rows, incidents.rows]);
  const open = ({ id, lane }: TimelineEvent) => void navigate({ to: lane === "incidents" ? "/incidents/$" : "/deployments/$", params: { _splat: id } });
  const isPart = deployments.hasNextPage || incidents.hasNextPage;
  return (
    <Card title={t("service.timeline")} note={isPart ? `${t("service.timeline_note")} · ${t("service.first_of", { n: DRAWN })}` : t("service.timeline_note")}>
      <Loaded query={deployments} skeleton={<Skeleton height={216} />}>
        {() => <Timeline title={t("service.timeline")} window={window} lanes={lanes} events={events} heads={[t("team.finished"), t("service.timeline"), t("team.verdict")]} onPick={open} />}
      </Loaded>
    </Card>
  );
}

function eventOfDeployment({ id, name, finished_at, failed, rework, recovered_at }: Row<"/api/v1/deployments">): TimelineEvent {
  const lane = failed === true ? "failed" : rework === true ? "rework" : "good";
  return { id, lane, name: name ?? id, from: finished_at, to: recovered_at };
}

function eventOfIncident({ id, title, detected_at, resolved_at }: Row<"/api/v1/incidents">): TimelineEvent {
  return { id, lane: "incidents", name: title, from: detected_at, to: resolved_at };
}
