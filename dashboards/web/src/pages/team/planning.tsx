import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import type { Row } from "sei-client";
import { defined, useDefinitions, useList, useMetrics } from "../../data/queries";
import { t } from "../../i18n/t";
import { Card, Empty, Loaded, Moment, Select, Skeleton, Table, type Column } from "../../ui";
import { ofSlice } from "../parts/measured";
import { MetricGrid } from "../parts/metric-grid";
import { SliceTable } from "../parts/slice-table";
import type { Subject } from "./subject";

const FLOW = ["item_throughput", "item_cycle_time", "item_lead_time", "items_in_progress", "age_of_items_in_progress", "flow_efficiency"];
const SPRINTS = ["sprint_velocity", "say_do_ratio", "scope_change"];

/** The flow of a team's work items, its sprints, and what it works on. Items are of the team of those who work on them. */
export function TeamPlanning({ team, filter }: Subject) {
  const whole = { ...filter, team: undefined };
  return (
    <div className="stack">
      <MetricGrid names={FLOW} filter={whole} slice={{ by: "author_team", name: team }} />
      <Sprints team={team} filter={whole} />
      <Items team={team} filter={whole} />
    </div>
  );
}

function Sprints({ filter }: Subject) {
  const answers = useMetrics(SPRINTS, { by: "repository", filter });
  const definitions = useDefinitions();
  return (
    <Loaded query={answers} skeleton={<Card title={t("team.sprints")}><Skeleton height={200} /></Card>}>
      {({ data }) => {
        const projects = [...new Set(data.flatMap(({ slices }) => slices.map(({ slice }) => slice ?? "")))].sort();
        if (projects.length === 0) return <Card title={t("team.sprints")}><Empty title={t("team.no_sprints")} /></Card>;
        const rows = projects.map((slice) => ({
          slice,
          metrics: Object.fromEntries(data.flatMap((answer) => {
            const metric = ofSlice(answer, slice);
            return metric === undefined ? [] : [[answer.metric.name, metric]];
          })),
        }));
        return (
          <SliceTable
            title={t("team.sprints")}
            note={t("team.sprints_note")}
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
      }}
    </Loaded>
  );
}

type Item = Row<"/api/v1/work-items">;

function Items({ filter }: Subject) {
  const { project } = useSearch({ strict: false }) as { project?: string };
  const navigate = useNavigate();
  const projects = useMetrics(["item_throughput"], { by: "repository", filter, series: false });
  const query = defined({ tenant: filter.tenant, state: "in_progress", sort: "started_at", window: "all", project });
  const list = useList("/api/v1/work-items", query as never, { limit: 20 });
  const names = projects.data?.data[0]?.slices.flatMap(({ slice }) => (slice === null || slice === undefined ? [] : [slice])) ?? [];
  const choose = (value: string) => void navigate({ to: ".", search: (all: Record<string, unknown>) => ({ ...all, project: value === "" ? undefined : value }), resetScroll: false } as never);
  const options = [{ value: "", text: t("ui.all") }, ...names.map((name) => ({ value: name, text: name }))];
  return (
    <Card title={t("team.items")} actions={<span className="card-select"><Select isCompact label={t("team.project")} value={project ?? ""} groups={[{ options }]} onChange={choose} /></span>} flush>
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
