import { useNavigate, useSearch } from "@tanstack/react-router";
import { useState } from "react";
import { useFilter } from "../../data/filter";
import { stepsOf, useItemMetrics } from "../../data/items";
import { deliveryOf, type Delivery } from "../../data/delivery";
import { LISTED_ITEMS_MAX, SPRINTS_MAX, useSprints, type Sprint } from "../../data/sprints";
import { SeriesChart } from "../../charts/series";
import { formatNumber } from "../../format/value";
import { t } from "../../i18n/t";
import { Badge, Card, Empty, Loaded, Select, Skeleton, Table, Tooltip, type Column } from "../../ui";
import type { Measured } from "../parts/measured";
import { MetricStat } from "../parts/metric-card";
import { measuredOf } from "./measured";
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
            <SprintMetric key={answer.metric.name} metric={measuredOf(answer, project)} interval={stepsOf(filter, answer)} />
          ))}
        </div>
      )}
    </Loaded>
  );
}

function SprintMetric({ metric, interval }: { metric: Measured; interval: string }) {
  const { metric: name, title, unit, series } = metric;
  return (
    <Card data-metric={name}>
      <MetricStat metric={metric} />
      <div className="sprint-chart">
        <SeriesChart title={title} unit={unit} interval={interval} series={[{ name: title, points: series }]} kind="bar" height={130} />
      </div>
    </Card>
  );
}

function SprintList() {
  const navigate = useNavigate();
  const [board, setBoard] = useState<string>();
  const query = useSprints(board);
  const boards = [...new Set(query.data?.boards.nodes.flatMap(({ board: name }) => name ?? []) ?? [])].sort();
  const open = (sprint: string) => void navigate({ to: "/product", search: (search: object) => ({ ...search, sprint }) } as never);
  return (
    <Card
      title={t("product.sprint_list")}
      note={t("product.sprint_list_note", { n: SPRINTS_MAX, items: LISTED_ITEMS_MAX })}
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
      data-part="sprints"
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
      value: ({ delivery }) => (delivery.all === 0 ? null : delivery.added),
      cell: ({ delivery }) => delivery.all === 0 ? "–" : (
        <Tooltip text={t("product.sprint_added_text")}>
          <span tabIndex={0}>{formatNumber(delivery.added)}</span>
        </Tooltip>
      ),
    },
  ];
}
