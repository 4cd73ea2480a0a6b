import { Link } from "@tanstack/react-router";
import type { Row } from "sei-client";
import { questionOf, type FilterSearch } from "../../data/filter";
import { defined, useList, useMetrics } from "../../data/queries";
import { formatDuration } from "../../format/value";
import { t } from "../../i18n/t";
import { Badge, Card, ExternalLink, Loaded, Moment, Skeleton, Table, type Column } from "../../ui";
import { valueOf } from "./measured";
import { redPipelines, type RedPipeline } from "./red";
import { runSeconds } from "./run-times";
import "./parts.css";

type Run = Row<"/api/v1/pipeline-runs">;

/** How many runs are read to find the pipelines that are red. */
const READ = 200;

/** The pipelines that are red now, on default branches. */
export function RedNow({ filter }: { filter: FilterSearch }) {
  const { tenant, team, service } = filter;
  const runs = useList("/api/v1/pipeline-runs", questionOf(filter) as never, { limit: READ });
  const repositories = useList("/api/v1/repositories", defined({ tenant, team: service === undefined ? team : undefined, service }) as never, { limit: READ });
  const metrics = useMetrics(["ci_red_pipelines"], { filter, series: false });
  const count = valueOf(metrics.data?.data[0]?.whole.values ?? [], "at_end");
  return (
    <Card title={t("team.red")} note={t("team.red_note")}>
      <Loaded query={runs} skeleton={<Skeleton height={40} />}>
        {() => <Red pipelines={redPipelines(runs.rows ?? [], branchesOf(repositories.rows ?? []))} count={count} />}
      </Loaded>
    </Card>
  );
}

function branchesOf(repositories: { id: string; default_branch?: string | null }[]): Map<string, string> {
  return new Map(repositories.flatMap(({ id, default_branch }) => (default_branch === null || default_branch === undefined ? [] : [[id, default_branch]])));
}

/** Those that are found among the latest runs, and how many there are in all. */
function Red({ pipelines, count }: { pipelines: RedPipeline[]; count: number | null }) {
  const others = (count ?? 0) - pipelines.length;
  if (pipelines.length === 0 && others <= 0) return <p className="row"><Badge tone="good">{t("team.all_green")}</Badge></p>;
  return (
    <ul className="red-list">
      {pipelines.map(({ repository, name, since }) => (
        <li key={`${repository} ${name}`} className="row">
          <Badge tone="bad">{t("team.is_red")}</Badge>
          <Link to="/runs" search={{ repository, pipeline: name, outcome: "failure" }}>
            {name}
          </Link>
          <span className="note">{repository.split("/").slice(-2).join("/")}</span>
          <Moment at={since} />
        </li>
      ))}
      {others > 0 && <li className="note">{t("team.red_others", { n: others, read: READ })}</li>}
    </ul>
  );
}

/** The pipeline runs that failed last. */
export function FailedRuns({ filter }: { filter: FilterSearch }) {
  const { team, service } = filter;
  const all = (
    <Link to="/runs" search={{ outcome: "failure", team, service }}>
      {t("service.all")}
    </Link>
  );
  const list = useList("/api/v1/pipeline-runs", { ...questionOf(filter), outcome: "failure" } as never, { limit: 20 });
  return (
    <Card title={t("team.runs_failed")} note={<>{t("team.runs_failed_note")} · {all}</>} flush>
      <Loaded query={list} skeleton={<Skeleton height={220} />}>
        {() => <Table title={t("team.runs_failed")} columns={columns()} rows={list.rows ?? []} rowKey={({ id }) => id} empty={t("team.no_failed_runs")} />}
      </Loaded>
    </Card>
  );
}

const columns = (): Column<Run>[] => [
  {
    id: "name",
    head: t("team.pipeline"),
    value: ({ name }) => name,
    cell: ({ name, url, repository }) => (
      <>
        <ExternalLink to={url}>{name}</ExternalLink>
        <div className="note">{(repository ?? "").split("/").slice(-2).join("/")}</div>
      </>
    ),
  },
  { id: "branch", head: t("team.branch"), value: ({ branch, tag }) => branch ?? tag, cell: ({ branch, tag }) => <code>{branch ?? tag ?? "–"}</code> },
  { id: "took", head: t("team.took"), align: "end", isMinor: true, value: runSeconds, cell: (run) => formatDuration(runSeconds(run)) },
  { id: "finished", head: t("team.finished"), align: "end", value: ({ finished_at }) => finished_at, cell: ({ finished_at }) => <Moment at={finished_at} /> },
];
