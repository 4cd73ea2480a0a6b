import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import type { Row } from "sei-client";
import type { FilterSearch } from "../../data/filter";
import { defined, useDefinitions, useList, useMetrics } from "../../data/queries";
import { useRights } from "../../data/rights";
import type { MetricAnswer } from "../../data/types";
import { t } from "../../i18n/t";
import { Card, Empty, Loaded, Moment, Select, Skeleton, Table, type Column } from "../../ui";
import { ofSlice } from "../parts/measured";
import { MetricGrid } from "../parts/metric-grid";
import { SliceTable } from "../parts/slice-table";
import type { Subject } from "./subject";

const FLOW = ["item_throughput", "item_cycle_time", "item_lead_time", "items_in_progress", "age_of_items_in_progress", "flow_efficiency"];
const SPRINTS = ["sprint_velocity", "say_do_ratio", "scope_change"];

/** The flow of a team's work items, its sprints, and what it works on. Items are of the team that plans in their project; where no team says so, of the team of those who work on them. */
export function TeamPlanning({ team, filter }: Subject) {
  const whole = { ...filter, team: undefined };
  const teams = useMetrics(["item_throughput", "items_in_progress"], { by: "team", filter: whole, series: false });
  return (
    <Loaded query={teams} skeleton={<Skeleton height={480} />}>
      {({ data }) => {
        const planning = new Set(data.flatMap((answer) => namesOf(answer)));
        if (planning.has(team)) return <Planning filter={filter} />;
        if (planning.size > 0) return <NoProject team={team} />;
        return <Planning filter={whole} members={team} />;
      }}
    </Loaded>
  );
}

/** Items and sprints of the filter; with `members` the flow of the items of these, since the team of an item is not known. */
function Planning({ filter, members }: { filter: FilterSearch; members?: string }) {
  const sprints = useMetrics(SPRINTS, { by: "repository", filter });
  const projects = useMetrics(["item_throughput", "items_in_progress"], { by: "repository", filter, series: false });
  const names = [...new Set(projects.data?.data.flatMap((answer) => namesOf(answer)) ?? [])].sort();
  return (
    <div className="stack">
      {members !== undefined && <NotPlanned />}
      <MetricGrid names={FLOW} filter={filter} slice={members === undefined ? undefined : { by: "author_team", name: members }} />
      <Loaded query={sprints} skeleton={<Card title={t("team.sprints")}><Skeleton height={200} /></Card>}>
        {({ data }) => <Sprints answers={data} isOfAll={members !== undefined} />}
      </Loaded>
      <Items tenant={filter.tenant} team={filter.team} projects={names} />
    </div>
  );
}

/** What says which items are of a team, for those who may state it. */
function ToMapping() {
  const { administers } = useRights();
  return administers ? <Link to="/admin" search={{ tab: "mapping" } as never}>{t("team.to_mapping")}</Link> : null;
}

function NoProject({ team }: { team: string }) {
  return (
    <Card>
      <Empty icon="product" title={t("team.no_project", { team })} action={<ToMapping />}>
        {t("team.no_project_text")}
      </Empty>
    </Card>
  );
}

function NotPlanned() {
  return (
    <p className="note">
      {t("team.of_members")} <ToMapping />
    </p>
  );
}

function namesOf({ slices }: MetricAnswer): string[] {
  return slices.flatMap(({ slice }) => (slice === null || slice === undefined ? [] : [slice]));
}

/** Sprints by project. */
function Sprints({ answers, isOfAll }: { answers: MetricAnswer[]; isOfAll: boolean }) {
  const definitions = useDefinitions();
  const projects = [...new Set(answers.flatMap((answer) => namesOf(answer)))].sort();
  if (projects.length === 0) return <Card title={t("team.sprints")}><Empty title={t("team.no_sprints")} /></Card>;
  const rows = projects.map((slice) => ({
    slice,
    metrics: Object.fromEntries(answers.flatMap((answer) => {
      const metric = ofSlice(answer, slice);
      return metric === undefined ? [] : [[answer.metric.name, metric]];
    })),
  }));
  return (
    <SliceTable
      title={t("team.sprints")}
      note={t(isOfAll ? "team.sprints_of_all" : "team.sprints_note")}
      head={t("team.project")}
      metrics={SPRINTS.map((name) => ({ name, title: definitions.get(name)?.title ?? name }))}
      rows={rows}
      nameOf={({ slice }) => (
        <Link to="/product" search={{ project: slice, tab: "sprints" } as never}>
          {slice}
        </Link>
      )}
    />
  );
}

type Item = Row<"/api/v1/work-items">;

/** What stands for all projects in the address. */
const ALL = "all";

function Items({ tenant, team, projects }: { tenant: string | undefined; team: string | undefined; projects: string[] }) {
  const search = useSearch({ strict: false }) as { project?: string };
  const navigate = useNavigate();
  const chosen = search.project ?? ALL;
  const query = defined({ tenant, team, state: "in_progress", sort: "started_at", window: "all", project: chosen === ALL ? undefined : chosen });
  const list = useList("/api/v1/work-items", query as never, { limit: 20 });
  const choose = (project: string) => void navigate({ to: ".", search: (kept: Record<string, unknown>) => ({ ...kept, project }), resetScroll: false } as never);
  const options = [{ value: ALL, text: t("team.all_projects") }, ...projects.map((name) => ({ value: name, text: name }))];
  return (
    <Card title={t("team.items")} actions={projects.length > 1 && <span className="card-select"><Select isCompact label={t("team.project")} value={chosen} groups={[{ options }]} onChange={choose} /></span>} flush>
      <Loaded query={list} skeleton={<Skeleton height={260} />}>
        {() => <Table title={t("team.items")} columns={columns()} rows={list.rows ?? []} rowKey={({ id }) => id} isSortable={false} empty={t("team.no_items")} onOpen={({ id }) => void navigate({ to: "/items/$", params: { _splat: id } })} />}
      </Loaded>
    </Card>
  );
}

const columns = (): Column<Item>[] => [
  {
    id: "title",
    head: t("team.item"),
    value: ({ title }) => title,
    cell: ({ id, key, title }) => (
      <>
        <Link to="/items/$" params={{ _splat: id }}>
          {title}
        </Link>
        <div className="note">{key}</div>
      </>
    ),
  },
  { id: "kind", head: t("team.kind"), isMinor: true, value: ({ kind }) => kind, cell: ({ kind }) => kind ?? "–" },
  { id: "status", head: t("team.status"), value: ({ status }) => status, cell: ({ status }) => status },
  { id: "started", head: t("team.started"), align: "end", value: ({ started_at }) => started_at, cell: ({ started_at }) => <Moment at={started_at} /> },
];
