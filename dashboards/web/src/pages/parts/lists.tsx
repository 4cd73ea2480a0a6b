import { Link, useNavigate } from "@tanstack/react-router";
import type { ReactNode } from "react";
import type { Row } from "sei-client";
import { measuredQuestionOf, questionOf, type FilterSearch } from "../../data/filter";
import { useList } from "../../data/queries";
import { secondsBetween } from "../../format/time";
import { formatDuration } from "../../format/value";
import { t } from "../../i18n/t";
import { Badge, Card, Loaded, Moment, Skeleton, Table, type Column } from "../../ui";
import { severityTone } from "./severity";
import { Verdict } from "./verdict";

/** How many rows a page shows of a list that has a page of its own. */
const SHOWN = 15;

interface ListProps {
  filter: FilterSearch;
  scope: { team?: string; service?: string };
}

type Deployment = Row<"/api/v1/deployments">;
type Incident = Row<"/api/v1/incidents">;
type Change = Row<"/api/v1/changes">;

/** The latest deployments, with their verdicts. */
export function DeploymentList({ filter, scope }: ListProps) {
  const navigate = useNavigate();
  const list = useList("/api/v1/deployments", measuredQuestionOf(filter) as never, { limit: SHOWN });
  return (
    <Frame title={t("team.deployments")} n={list.rows?.length} hasMore={list.hasNextPage} all={<All to="/deployments" scope={scope} />}>
      <Loaded query={list} skeleton={<Skeleton height={320} />}>
        {() => <Table title={t("team.deployments")} columns={deploymentColumns(scope.service !== undefined)} rows={list.rows ?? []} rowKey={({ id }) => id} isSortable={false} empty={t("team.no_deployments")} onOpen={({ id }) => void navigate({ to: "/deployments/$", params: { _splat: id } })} />}
      </Loaded>
    </Frame>
  );
}

/** The latest incidents. */
export function IncidentList({ filter, scope }: ListProps) {
  const navigate = useNavigate();
  const list = useList("/api/v1/incidents", questionOf(filter) as never, { limit: SHOWN });
  return (
    <Frame title={t("team.incidents")} n={list.rows?.length} hasMore={list.hasNextPage} all={<All to="/incidents" scope={scope} />}>
      <Loaded query={list} skeleton={<Skeleton height={220} />}>
        {() => <Table title={t("team.incidents")} columns={incidentColumns()} rows={list.rows ?? []} rowKey={({ id }) => id} isSortable={false} empty={t("team.no_incidents")} onOpen={({ id }) => void navigate({ to: "/incidents/$", params: { _splat: id } })} />}
      </Loaded>
    </Frame>
  );
}

/** The changes that reached production last. */
export function ChangeList({ filter, scope }: ListProps) {
  const navigate = useNavigate();
  const list = useList("/api/v1/changes", questionOf(filter) as never, { limit: SHOWN });
  return (
    <Frame title={t("service.changes")} n={list.rows?.length} hasMore={list.hasNextPage} all={<All to="/changes" scope={scope} />}>
      <Loaded query={list} skeleton={<Skeleton height={320} />}>
        {() => <Table title={t("service.changes")} columns={changeColumns()} rows={list.rows ?? []} rowKey={({ id, service }) => `${id} ${service}`} isSortable={false} empty={t("service.no_changes")} onOpen={({ id }) => void navigate({ to: "/changes/$", params: { _splat: id } })} />}
      </Loaded>
    </Frame>
  );
}

function Frame({ title, n, hasMore, all, children }: { title: string; n: number | undefined; hasMore: boolean; all: ReactNode; children: ReactNode }) {
  return (
    <Card title={title} note={hasMore && n !== undefined ? <>{t("service.first_of", { n })} · {all}</> : undefined} flush>
      {children}
    </Card>
  );
}

function All({ to, scope }: { to: "/deployments" | "/incidents" | "/changes"; scope: ListProps["scope"] }) {
  return (
    <Link to={to} search={scope as never}>
      {t("service.all")}
    </Link>
  );
}

const deploymentColumns = (isOfService: boolean): Column<Deployment>[] => [
  {
    id: "name",
    head: t("team.deployment"),
    value: ({ name, id }) => name ?? id,
    cell: ({ id, name, service, sha }) => (
      <>
        <Link to="/deployments/$" params={{ _splat: id }}>
          {name ?? sha?.slice(0, 10) ?? id}
        </Link>
        {!isOfService && <div className="note">{service}</div>}
      </>
    ),
  },
  { id: "verdict", head: t("team.verdict"), value: ({ failed, rework }) => (failed ? "failed" : rework ? "rework" : ""), cell: (row) => <Verdict {...row} /> },
  { id: "restored", head: t("team.restored_after"), align: "end", isMinor: true, value: recoverySeconds, cell: (row) => formatDuration(recoverySeconds(row)) },
  { id: "changes", head: t("team.changes_count"), align: "end", isMinor: true, value: ({ changes }) => changes, cell: ({ changes }) => changes },
  { id: "finished", head: t("team.finished"), align: "end", value: ({ finished_at }) => finished_at, cell: ({ finished_at }) => <Moment at={finished_at} /> },
];

function recoverySeconds({ finished_at, recovered_at }: Deployment): number | null {
  return secondsBetween(finished_at, recovered_at);
}

const incidentColumns = (): Column<Incident>[] => [
  {
    id: "title",
    head: t("team.incident"),
    value: ({ title }) => title,
    cell: ({ id, title }) => (
      <Link to="/incidents/$" params={{ _splat: id }}>
        {title}
      </Link>
    ),
  },
  { id: "severity", head: t("team.severity"), value: ({ severity }) => severity, cell: ({ severity }) => (severity === null || severity === undefined ? "–" : <Badge tone={severityTone(severity)}>{severity}</Badge>) },
  { id: "restored", head: t("team.restored_after"), align: "end", value: ({ time_to_restore_seconds }) => time_to_restore_seconds, cell: ({ state, time_to_restore_seconds }) => (state === "open" ? <Badge tone="bad">{t("overview.open")}</Badge> : formatDuration(time_to_restore_seconds)) },
  { id: "detected", head: t("team.detected"), align: "end", isMinor: true, value: ({ detected_at }) => detected_at, cell: ({ detected_at }) => <Moment at={detected_at} /> },
];

const changeColumns = (): Column<Change>[] => [
  {
    id: "title",
    head: t("team.change"),
    value: ({ title }) => title,
    cell: ({ id, title }) => (
      <Link to="/changes/$" params={{ _splat: id }}>
        {title}
      </Link>
    ),
  },
  { id: "lead_time", head: t("service.lead_time"), align: "end", value: ({ lead_time_seconds }) => lead_time_seconds, cell: ({ lead_time_seconds }) => formatDuration(lead_time_seconds) },
  { id: "deployed", head: t("service.deployed"), align: "end", isMinor: true, value: ({ deployed_at }) => deployed_at, cell: ({ deployed_at }) => <Moment at={deployed_at} /> },
];
