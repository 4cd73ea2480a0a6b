import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import type { Row } from "sei-client";
import { questionOf } from "../../data/filter";
import { defined, useDefinitions, useList, useMetrics } from "../../data/queries";
import type { MetricAnswer } from "../../data/types";
import { t } from "../../i18n/t";
import { Card, Empty, Loaded, Moment, Select, Skeleton, Table, type Column } from "../../ui";
import { ofSlice } from "../parts/measured";
import { MetricGrid } from "../parts/metric-grid";
import { SliceTable } from "../parts/slice-table";
import { projectsOf } from "./projects";
import type { Subject } from "./subject";

const FLOW = ["item_throughput", "item_cycle_time", "item_lead_time", "items_in_progress", "age_of_items_in_progress", "flow_efficiency"];
const SPRINTS = ["sprint_velocity", "say_do_ratio", "scope_change"];

/** The flow of a team's work items, its sprints, and what it works on. Items are of the team of those who work on them. */
export function TeamPlanning({ team, filter }: Subject) {
  const whole = { ...filter, team: undefined };
  const sprints = useMetrics(SPRINTS, { by: "repository", filter: whole });
  const throughput = useMetrics(["item_throughput"], { by: "repository", filter: whole, series: false });
  const all = throughput.data?.data.flatMap((answer) => namesOf(answer)) ?? [];
  const changes = useList("/api/v1/changes", questionOf(filter) as never, { limit: 100 });
  const own = changes.rows === undefined ? undefined : projectsOf(all, changes.rows);
  return (
    <div className="stack">
      <MetricGrid names={FLOW} filter={whole} slice={{ by: "author_team", name: team }} />
      <Loaded query={sprints} skeleton={<Card title={t("team.sprints")}><Skeleton height={200} /></Card>}>
        {({ data }) => <Sprints answers={data} own={own ?? []} />}
      </Loaded>
      {own === undefined ? <Skeleton height={300} /> : <Items tenant={filter.tenant} all={all} own={own} />}
    </div>
  );
}

function namesOf({ slices }: MetricAnswer): string[] {
  return slices.flatMap(({ slice }) => (slice === null || slice === undefined ? [] : [slice]));
}

/** Sprints of the team's projects; of all where none is known to be the team's. */
function Sprints({ answers, own }: { answers: MetricAnswer[]; own: string[] }) {
  const definitions = useDefinitions();
  const all = [...new Set(answers.flatMap((answer) => namesOf(answer)))].sort();
  const projects = own.length === 0 ? all : all.filter((project) => own.includes(project));
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
      note={t(own.length === 0 ? "team.sprints_of_all" : "team.sprints_note")}
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

function Items({ tenant, all, own }: { tenant: string | undefined; all: string[]; own: string[] }) {
  const search = useSearch({ strict: false }) as { project?: string };
  const navigate = useNavigate();
  const chosen = search.project ?? own[0] ?? ALL;
  const query = defined({ tenant, state: "in_progress", sort: "started_at", window: "all", project: chosen === ALL ? undefined : chosen });
  const list = useList("/api/v1/work-items", query as never, { limit: 20 });
  const choose = (project: string) => void navigate({ to: ".", search: (kept: Record<string, unknown>) => ({ ...kept, project }), resetScroll: false } as never);
  const options = [{ value: ALL, text: t("team.all_projects") }, ...all.map((name) => ({ value: name, text: name }))];
  return (
    <Card title={t("team.items")} actions={<span className="card-select"><Select isCompact label={t("team.project")} value={chosen} groups={[{ options }]} onChange={choose} /></span>} flush>
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
