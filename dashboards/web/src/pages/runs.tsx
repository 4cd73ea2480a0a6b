import { useSearch } from "@tanstack/react-router";
import type { Row } from "sei-client";
import { questionOf, useFilter } from "../data/filter";
import { formatDuration } from "../format/value";
import { t } from "../i18n/t";
import { outcomeTone } from "../journey/way";
import { Badge, ExternalLink, Moment, type Column } from "../ui";
import { ChoiceFilter, LimitedTo, SearchFilter } from "./lists/filters";
import { ListPage } from "./lists/list-page";
import { RedNow } from "./parts/failed-runs";
import { queueSeconds, runSeconds } from "./parts/run-times";
import { RawEvents } from "./record/raw-events";

type Run = Row<"/api/v1/pipeline-runs">;

const OUTCOMES = ["success", "failure", "neither"] as const;

/** Runs of CI pipelines, and which pipelines are red now. */
export function RunsPage() {
  const filter = useFilter();
  const { outcome, branch, pipeline, repository, search, sort } = useSearch({ from: "/runs" });
  const isWhole = [outcome, branch, pipeline, repository, search].every((value) => value === undefined);
  return (
    <ListPage
      title={t("page.runs")}
      path="/api/v1/pipeline-runs"
      query={{ ...questionOf(filter), outcome, branch, pipeline, repository, search, sort }}
      columns={columns()}
      rowKey={({ id }) => id}
      order="-queued_at"
      names={["outcome", "branch", "pipeline", "repository", "search"]}
      empty={t("lists.no_runs")}
      lead={isWhole && <RedNow filter={filter} />}
      filters={
        <>
          <SearchFilter value={search} label={t("lists.search_runs")} />
          <ChoiceFilter name="outcome" label={t("lists.outcome")} value={outcome} all={t("lists.outcome_all")} options={OUTCOMES.map((value) => ({ value, text: t(`outcome.${value}`) }))} />
          {branch !== undefined && <LimitedTo name="branch" text={t("lists.of_branch", { branch })} />}
          {pipeline !== undefined && <LimitedTo name="pipeline" text={t("lists.of_pipeline", { pipeline })} />}
          {repository !== undefined && <LimitedTo name="repository" text={t("lists.of_repository", { id: repository })} />}
        </>
      }
    />
  );
}

function columns(): Column<Run>[] {
  return [
    {
      id: "name",
      head: t("team.pipeline"),
      order: "name",
      cell: ({ name, url, repository, attempt }) => (
        <div className="cell-name">
          <ExternalLink to={url}>{name}</ExternalLink>
          <span className="note">
            {(repository ?? "").split("/").slice(-2).join("/")} {attempt > 1 && <Badge>{t("lists.attempt", { attempt })}</Badge>}
          </span>
        </div>
      ),
    },
    { id: "branch", head: t("team.branch"), isMinor: true, cell: ({ branch, tag }) => <code>{branch ?? tag ?? "–"}</code> },
    { id: "outcome", head: t("lists.outcome"), cell: ({ outcome }) => <Badge tone={outcomeTone(outcome ?? null)}>{t(`outcome.${outcome ?? "running"}`)}</Badge> },
    { id: "queued", head: t("lists.queued_for"), align: "end", isMinor: true, cell: (run) => formatDuration(queueSeconds(run)) },
    { id: "took", head: t("team.took"), align: "end", isMinor: true, cell: (run) => formatDuration(runSeconds(run)) },
    { id: "queued_at", head: t("lists.queued"), order: "queued_at", align: "end", isMinor: true, cell: ({ queued_at }) => <Moment at={queued_at} /> },
    { id: "finished_at", head: t("team.finished"), order: "finished_at", align: "end", cell: ({ finished_at }) => <Moment at={finished_at} /> },
    { id: "raw", head: <span className="visually-hidden">{t("record.raw")}</span>, title: "raw", align: "end", isMinor: true, cell: ({ id }) => <RawEvents fact={id} isQuiet /> },
  ];
}
