import { useNavigate, useSearch } from "@tanstack/react-router";
import { useState } from "react";
import { useFilter } from "../../data/filter";
import { partOf, stepsOf, useItemMetrics } from "../../data/items";
import { deliveryOf, SPRINTS_MAX, useSprints, type Delivery, type Sprint } from "../../data/sprints";
import type { MetricAnswer } from "../../data/types";
import { SeriesChart } from "../../charts/series";
import { formatNumber } from "../../format/value";
import { t } from "../../i18n/t";
import { Badge, Card, Delta, Empty, Loaded, MetricInfo, Select, Skeleton, Stat, Table, Tooltip, Value, type Column } from "../../ui";
import { SprintDetail } from "./sprint";
import { Dates, DoneBar } from "./sprint-parts";

const METRICS = ["sprint_velocity", "say_do_ratio", "scope_change"];

/** Sprints: how much was planned, added and delivered. */
export function SprintsTab({ project }: { project: string | undefined }) {
  const { sprint } = useSearch({ from: "/product" });
  if (sprint !== undefined) return <SprintDetail id={sprint} />;
  return (
    <div className="stack">
      <SprintMetrics project={project} />
      <SprintList />
    </div>
  );
}

function SprintMetrics({ project }: { project: string | undefined }) {
  const filter = useFilter();
  const query = useItemMetrics(METRICS, project);
  return (
    <Loaded query={query} skeleton={<Skeleton height={300} />}>
      {({ data }) => (
        <div className="grid product-sprints">
          {data.map((answer) => (
            <SprintMetric key={answer.metric.name} answer={answer} project={project} interval={stepsOf(filter, answer)} />
          ))}
        </div>
      )}
    </Loaded>
  );
}

function SprintMetric({ answer, project, interval }: { answer: MetricAnswer; project: string | undefined; interval: string }) {
  const { metric } = answer;
  const part = partOf(answer, project);
  const { value = null, n = 0, caveats = [], compared } = part ?? {};
  return (
    <Card data-metric={metric.name}>
      <Stat
        label={
          <>
            {metric.title}
            <MetricInfo metric={metric.name} answer={{ value, unit: metric.unit, n, caveats, basis: part?.basis, values: part?.values }} />
          </>
        }
        aside={<Delta metric={metric.name} unit={metric.unit} compared={compared} />}
        note={t("product.n_sprints", { n })}
      >
        <Value value={value} unit={metric.unit} why={caveats[0]?.text} />
      </Stat>
      <div className="sprint-chart">
        <SeriesChart title={metric.title} unit={metric.unit} interval={interval} series={[{ name: metric.title, points: part?.series ?? [] }]} kind="bar" height={130} />
      </div>
    </Card>
  );
}

function SprintList() {
  const navigate = useNavigate();
  const [board, setBoard] = useState<string>();
  const all = useSprints(undefined);
  const query = useSprints(board);
  const boards = [...new Set(all.data?.sprints.nodes.flatMap(({ board: name }) => name ?? []) ?? [])].sort();
  const open = (sprint: string) => void navigate({ to: "/product", search: (search: object) => ({ ...search, sprint }) } as never);
  return (
    <Card
      title={t("product.sprint_list")}
      note={t("product.sprint_list_note", { n: SPRINTS_MAX })}
      actions={
        boards.length > 1 && (
          <div className="beside-export">
            <Select
              label={t("product.sprint_board")}
              isCompact
              value={board ?? ""}
              onChange={(value) => setBoard(value === "" ? undefined : value)}
              groups={[{ options: [{ value: "", text: t("product.sprint_boards") }, ...boards.map((name) => ({ value: name, text: name }))] }]}
            />
          </div>
        )
      }
      flush
    >
      <Loaded query={query} skeleton={<Skeleton height={360} />}>
        {({ sprints: { nodes } }) =>
          nodes.length === 0 ? (
            <Empty icon="clock" title={t("product.sprint_none")}>
              {t("empty.filter_text")}
            </Empty>
          ) : (
            <Table title={t("product.sprint_list")} columns={columns()} rows={nodes.map(rowOf)} rowKey={({ sprint }) => sprint.id} onOpen={({ sprint }) => open(sprint.id)} />
          )
        }
      </Loaded>
    </Card>
  );
}

interface SprintRow {
  sprint: Sprint;
  delivery: Delivery;
}

function rowOf(sprint: Sprint): SprintRow {
  return { sprint, delivery: deliveryOf(sprint, sprint.items.nodes) };
}

function columns(): Column<SprintRow>[] {
  return [
    {
      id: "sprint",
      head: t("product.sprint"),
      value: ({ sprint }) => sprint.name,
      cell: ({ sprint: { name, completedAt } }) => (
        <span className="row">
          <strong className="slice-name">{name}</strong>
          {completedAt === null && <Badge tone="info">{t("product.sprint_open")}</Badge>}
        </span>
      ),
    },
    { id: "dates", head: t("product.sprint_dates"), value: ({ sprint }) => sprint.startedAt, cell: ({ sprint }) => <Dates sprint={sprint} />, isMinor: true },
    { id: "done", head: t("product.sprint_done"), value: ({ delivery }) => (delivery.all === 0 ? null : delivery.done / delivery.all), cell: ({ delivery }) => <DoneBar done={delivery.done} all={delivery.all} /> },
    {
      id: "points",
      head: t("product.sprint_points"),
      align: "end",
      value: ({ delivery }) => delivery.pointsDone,
      cell: ({ delivery: { pointsDone, points } }) => (pointsDone === null || points === null ? "–" : t("product.sprint_of", { done: formatNumber(pointsDone), all: formatNumber(points) })),
      isMinor: true,
    },
    {
      id: "added",
      head: t("product.sprint_added"),
      align: "end",
      value: ({ delivery }) => delivery.added,
      cell: ({ delivery }) => (
        <Tooltip text={t("product.sprint_added_text")}>
          <span tabIndex={0}>{formatNumber(delivery.added)}</span>
        </Tooltip>
      ),
    },
  ];
}
