import { Link, useNavigate, useParams, useSearch } from "@tanstack/react-router";
import type { ReactNode } from "react";
import type { Row } from "sei-client";
import { useFilter, type FilterSearch } from "../data/filter";
import { defined, useList, useReport } from "../data/queries";
import { formatWindow } from "../format/time";
import { t } from "../i18n/t";
import { Badge, Card, Empty, ExternalLink, Loaded, Moment, PageHead, Skeleton, Tabs } from "../ui";
import { FailedRuns, RedNow } from "./parts/failed-runs";
import { FiveMetrics } from "./parts/five-metrics";
import { ChangeList, DeploymentList, IncidentList } from "./parts/lists";
import { MetricGrid } from "./parts/metric-grid";
import { OpenChanges } from "./parts/open-changes";
import { Statements } from "./parts/statements";
import { ServiceTimeline } from "./service/timeline";
import { Stages } from "./team/delivery";
import "./team.css";
import "./service.css";

type ServiceRow = Row<"/api/v1/services">;

const CI = ["ci_duration", "ci_queue_time", "ci_success_rate", "ci_flakiness", "ci_red_time", "ci_time_spent"];

/** A service: what it is, what happened to it, and its metrics. */
export function ServicePage() {
  const { _splat: service = "" } = useParams({ from: "/services/$" });
  const { tab } = useSearch({ from: "/services/$" });
  const navigate = useNavigate();
  const current = useFilter();
  const filter: FilterSearch = { ...current, team: undefined, service };
  const report = useReport({ filter });
  const open = (id: string) => void navigate({ to: ".", search: (all: Record<string, unknown>) => ({ ...all, tab: id === "overview" ? undefined : id }), resetScroll: false } as never);
  const window = report.data?.data.window;
  const scope = { service };
  const lists: [id: string, title: string, content: ReactNode][] = [
    ["overview", t("service.overview"), <ServiceOverview key="overview" filter={filter} report={report} />],
    ["deployments", t("team.deployments"), <DeploymentList key="deployments" filter={filter} scope={scope} />],
    ["changes", t("service.changes"), <ServiceChanges key="changes" filter={filter} />],
    ["incidents", t("team.incidents"), <IncidentList key="incidents" filter={filter} scope={scope} />],
    ["ci", t("team.ci"), <ServiceCi key="ci" filter={filter} />],
  ];
  return (
    <>
      <PageHead title={service} kicker={t("page.service")} note={window === undefined ? " " : formatWindow(window)} />
      <Facts filter={filter} />
      <Tabs label={t("team.tabs")} open={lists.find(([id]) => id === tab)?.[0] ?? "overview"} onOpen={open} tabs={lists.map(([id, title, content]) => ({ id, title, content }))} />
    </>
  );
}

/** What is known about the service itself. */
function Facts({ filter }: { filter: FilterSearch }) {
  const { tenant, service } = filter;
  const list = useList("/api/v1/services", defined({ tenant, service }) as never, { limit: 1 });
  const repositories = useList("/api/v1/repositories", defined({ tenant, service }) as never, { limit: 20 });
  // a service that is not known is reported once, below
  if (list.error !== null) return null;
  return (
    <Loaded query={list} skeleton={<Card><Skeleton height={44} /></Card>}>
      {() => {
        const row = list.rows?.find(({ name }) => name === service);
        if (row === undefined) return null;
        return (
          <Card>
            <dl className="service-facts">
              <Fact name={t("service.team")}>{row.team === null || row.team === undefined ? t("service.no_team") : <Link to="/teams/$team" params={{ team: row.team }}>{row.team}</Link>}</Fact>
              <Fact name={t("service.repositories")}>
                {repositories.rows?.map(({ id, name, url }) => (
                  <span key={id} className="service-repository">
                    <ExternalLink to={url}>{name}</ExternalLink>
                  </span>
                ))}
              </Fact>
              <Fact name={t("service.last_deployment")}>
                <Moment at={row.last_deployment_at} />
              </Fact>
              <Fact name={t("service.measured_by")}>{row.source?.replaceAll("_", " ") ?? "–"}</Fact>
              <Fact name={t("service.counts")}>{t("service.counts_text", countsOf(row))}</Fact>
            </dl>
            {row.partial && <Badge tone="warn">{t("service.partial")}</Badge>}
          </Card>
        );
      }}
    </Loaded>
  );
}

function countsOf({ deployments, changes, commits }: ServiceRow): Record<string, number> {
  return { deployments: deployments ?? 0, changes: changes ?? 0, commits: commits ?? 0 };
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function ServiceOverview({ filter, report }: { filter: FilterSearch; report: ReturnType<typeof useReport> }) {
  const service = filter.service ?? "";
  return (
    <Loaded query={report} skeleton={<Skeleton height={600} />}>
      {({ data }) =>
        data.services.length === 0 ? (
          <Card>
            <Empty title={t("overview.no_services")} action={<Link to="/sources/connect">{t("empty.connect")}</Link>} />
          </Card>
        ) : (
          <div className="stack">
            <Statements texts={data.statements} />
            <ServiceTimeline filter={filter} window={data.window} />
            <FiveMetrics report={data} scope={{ service }} />
            <Stages team="" filter={filter} report={data} />
          </div>
        )
      }
    </Loaded>
  );
}

function ServiceChanges({ filter }: { filter: FilterSearch }) {
  return (
    <div className="stack">
      <OpenChanges filter={filter} />
      <ChangeList filter={filter} scope={{ service: filter.service }} />
    </div>
  );
}

function ServiceCi({ filter }: { filter: FilterSearch }) {
  return (
    <div className="stack">
      <RedNow filter={filter} />
      <MetricGrid names={CI} filter={filter} scope={{ service: filter.service }} />
      <FailedRuns filter={filter} />
    </div>
  );
}
