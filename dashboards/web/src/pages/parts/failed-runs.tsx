import type { Row } from "sei-client";
import { questionOf, type FilterSearch } from "../../data/filter";
import { useList } from "../../data/queries";
import { formatDuration } from "../../format/value";
import { t } from "../../i18n/t";
import { Card, ExternalLink, Loaded, Moment, Skeleton, Table, type Column } from "../../ui";

type Run = Row<"/api/v1/pipeline-runs">;

/** The pipeline runs that failed last. */
export function FailedRuns({ filter }: { filter: FilterSearch }) {
  const list = useList("/api/v1/pipeline-runs", { ...questionOf(filter), outcome: "failure" } as never, { limit: 20 });
  return (
    <Card title={t("team.runs_failed")} note={t("team.runs_failed_note")} flush>
      <Loaded query={list} skeleton={<Skeleton height={220} />}>
        {() => <Table title={t("team.runs_failed")} columns={columns()} rows={list.rows ?? []} rowKey={({ id }) => id} empty={t("team.no_failed_runs")} />}
      </Loaded>
    </Card>
  );
}

function secondsOf({ started_at, queued_at, finished_at }: Run): number | null {
  const from = started_at ?? queued_at;
  if (from === null || from === undefined || finished_at === null || finished_at === undefined) return null;
  return (new Date(finished_at).getTime() - new Date(from).getTime()) / 1000;
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
  { id: "took", head: t("team.took"), align: "end", isMinor: true, value: secondsOf, cell: (run) => formatDuration(secondsOf(run)) },
  { id: "finished", head: t("team.finished"), align: "end", value: ({ finished_at }) => finished_at, cell: ({ finished_at }) => <Moment at={finished_at} /> },
];
