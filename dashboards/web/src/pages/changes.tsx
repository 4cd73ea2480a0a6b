import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import type { Row } from "sei-client";
import { questionOf, useFilter } from "../data/filter";
import { useSetSearch } from "../data/search";
import { formatNumber } from "../format/value";
import { t } from "../i18n/t";
import { Badge, Moment, PageHead, Select, Value, type Column } from "../ui";
import { ChoiceFilter, LimitedTo, SearchFilter } from "./lists/filters";
import { ListPage } from "./lists/list-page";
import { StageBar } from "./lists/stage-bar";
import { OpenChanges } from "./parts/open-changes";
import "./lists/lists.css";

type Change = Row<"/api/v1/changes">;

/** Changes that reached production, or those that are on their way. */
export function ChangesPage() {
  const { stage } = useSearch({ from: "/changes" });
  return stage === undefined ? <DeployedChanges /> : <ChangesOnTheirWay stage={stage} />;
}

const STAGES = ["any", "open", "merged"] as const;

/** How far changes have come: a choice that the address holds. */
function StageFilter({ stage }: { stage: string | undefined }) {
  const setSearch = useSetSearch();
  const options = STAGES.map((value) => ({ value: value as string, text: t(`lists.stage_${value}`) }));
  return (
    <Select
      isCompact
      label={t("lists.stage")}
      value={stage ?? ""}
      groups={[{ options: [{ value: "", text: t("lists.stage_production") }, ...options] }]}
      onChange={(chosen) => setSearch({ stage: chosen || undefined, sort: undefined, is_commit: undefined, deployment: undefined })}
    />
  );
}

/** Open changes, and merged ones that are not in production, the slowest first. They are those of now, of any window. */
function ChangesOnTheirWay({ stage }: { stage: string }) {
  const filter = useFilter();
  const { search, repository } = useSearch({ from: "/changes" });
  const state = stage === "open" || stage === "merged" ? stage : undefined;
  return (
    <>
      <PageHead title={t("page.changes")} note={t("lists.stage_note")} />
      <div className="list-filters" role="group" aria-label={t("lists.filters", { title: t("page.changes") })}>
        <SearchFilter value={search} label={t("lists.search_changes")} />
        <StageFilter stage={stage} />
        {repository !== undefined && <LimitedTo name="repository" text={t("lists.of_repository", { id: repository })} />}
      </div>
      <OpenChanges filter={filter} narrowed={{ state, repository, search }} hasTeams />
    </>
  );
}

function DeployedChanges() {
  const filter = useFilter();
  const navigate = useNavigate();
  const { search, sort, is_commit, deployment, repository } = useSearch({ from: "/changes" });
  const query = { ...questionOf(filter), search, sort, is_commit, deployment, repository };
  return (
    <ListPage
      title={t("page.changes")}
      path="/api/v1/changes"
      query={query}
      columns={columns()}
      rowKey={({ service, id }) => `${service} ${id}`}
      onOpen={({ id }) => void navigate({ to: "/changes/$", params: { _splat: id } })}
      order="-deployed_at"
      names={["search", "is_commit", "deployment", "repository"]}
      empty={t("lists.no_changes")}
      filters={
        <>
          <SearchFilter value={search} label={t("lists.search_changes")} />
          <StageFilter stage={undefined} />
          <ChoiceFilter name="is_commit" label={t("lists.change_kind")} value={is_commit} all={t("lists.change_kind_all")} options={[{ value: "false", text: t("lists.change_kind_changes") }, { value: "true", text: t("lists.change_kind_commits") }]} />
          {deployment !== undefined && <LimitedTo name="deployment" text={t("lists.of_deployment", { id: deployment })} />}
          {repository !== undefined && <LimitedTo name="repository" text={t("lists.of_repository", { id: repository })} />}
        </>
      }
    />
  );
}

/** The columns of changes that a deployment carried. `isShort` leaves out what a deployment's own page says. */
export function changeColumns(isShort: boolean): Column<Change>[] {
  return columns().filter(({ id }) => !isShort || (id !== "service" && id !== "deployed_at"));
}

function columns(): Column<Change>[] {
  return [
    {
      id: "title",
      head: t("lists.change"),
      title: "id",
      value: ({ id }) => id,
      cell: ({ id, title, is_commit, excluded }) => (
        <div className="cell-name">
          <Link to="/changes/$" params={{ _splat: id }} title={title}>
            {title}
          </Link>
          <span className="note">
            {id.split("/").slice(1).join("/")} {is_commit && <Badge>{t("lists.direct_commit")}</Badge>} {excluded && <Badge tone="warn">{t("lists.excluded")}</Badge>}
          </span>
        </div>
      ),
    },
    { id: "service", head: t("lists.service"), order: "service", isMinor: true, value: ({ service }) => service, cell: ({ service }) => <Link to="/services/$" params={{ _splat: service }}>{service}</Link> },
    { id: "merged_at", head: t("lists.merged"), order: "merged_at", isMinor: true, value: ({ merged_at }) => merged_at, cell: ({ merged_at }) => <Moment at={merged_at} /> },
    { id: "deployed_at", head: t("lists.deployed"), order: "deployed_at", value: ({ deployed_at }) => deployed_at, cell: ({ deployed_at }) => <Moment at={deployed_at} /> },
    { id: "commits", head: t("lists.commits"), order: "commits", align: "end", isMinor: true, value: ({ commits }) => commits, cell: ({ commits }) => formatNumber(commits) },
    {
      id: "lead_time",
      head: t("lists.lead_time"),
      title: "lead_time_seconds",
      order: "lead_time_seconds",
      align: "end",
      value: ({ lead_time_seconds }) => lead_time_seconds,
      cell: ({ lead_time_seconds, stages }) => (
        <>
          <Value value={lead_time_seconds} unit="seconds" why={t("lists.no_lead_time")} />
          <StageBar stages={stages} />
        </>
      ),
    },
  ];
}
