import { Link, useNavigate } from "@tanstack/react-router";
import { useMemo } from "react";
import { Scatter, type ScatterPoint } from "../../charts/distribution";
import { useItemTimes, type TimedItem, type TimedItems } from "../../data/items";
import { formatDuration } from "../../format/value";
import { t } from "../../i18n/t";
import { Badge, Card, Empty, Loaded, MetricInfo, Skeleton, Value } from "../../ui";
import { Aging } from "./aging";

/** The percentiles that are drawn as lines: across cycle times, and across ages. */
const LINES = [50, 85, 95];
const AGE_LINES = [50, 85];
const OLDEST = 6;

/** Percentiles as lines across a chart. */
function linesOf(percentiles: TimedItems["percentiles"], wanted: number[]) {
  const lines = percentiles.filter(({ percentile, value }) => wanted.includes(percentile) && value !== null);
  return lines.map(({ percentile, value }) => ({ name: `p${percentile}`, value: value ?? 0 }));
}

function useOpenItem() {
  const navigate = useNavigate();
  return (id: string) => void navigate({ to: "/items/$", params: { _splat: id } });
}

/** The cycle time of each item that was done. */
export function CycleTimeCard({ project }: { project: string | undefined }) {
  const query = useItemTimes("done", project);
  const data = query.data?.data;
  const note = data === undefined ? " " : data.shortened ? t("product.scatter_short", { n: data.items.length, all: data.n }) : t("product.scatter_note", { n: data.items.length });
  return (
    <Card title={<>{t("product.scatter")} <MetricInfo metric="item_cycle_time" /></>} note={note}>
      <Loaded query={query} skeleton={<Skeleton height={260} />}>
        {({ data: times }) => <CycleTimes times={times} />}
      </Loaded>
    </Card>
  );
}

function CycleTimes({ times }: { times: TimedItems }) {
  const openItem = useOpenItem();
  const marks = useMemo(() => linesOf(times.percentiles, LINES), [times]);
  const points = useMemo(() => times.items.flatMap(pointOf), [times]);
  if (points.length === 0) return <Empty title={t("empty.filter")}>{t("empty.filter_text")}</Empty>;
  return (
    <>
      <Percentiles percentiles={times.percentiles} />
      <Scatter title={t("product.scatter")} unit="seconds" points={points} marks={marks} height={356} onPick={({ id }: ScatterPoint & { id?: string }) => id !== undefined && openItem(id)} />
    </>
  );
}

function pointOf({ id, key, title, kind, done_at, seconds }: TimedItem): (ScatterPoint & { id: string })[] {
  return done_at === null || seconds === null ? [] : [{ at: done_at, value: seconds, name: `${key} ${title}`, group: kind ?? t("product.type_none"), id }];
}

function Percentiles({ percentiles }: { percentiles: TimedItems["percentiles"] }) {
  return (
    <p className="row note beside-menu">
      {percentiles
        .filter(({ percentile }) => LINES.includes(percentile))
        .map(({ percentile, value }) => (
          <Badge key={percentile}>{t("product.percentile", { percentile, value: formatDuration(value) })}</Badge>
        ))}
    </p>
  );
}

/** The age of each item in progress, beside what those done took, and the oldest by name. */
export function AgingCard({ project }: { project: string | undefined }) {
  const query = useItemTimes("in_progress", project);
  const data = query.data?.data;
  return (
    <Card title={<>{t("product.aging")} <MetricInfo metric="age_of_items_in_progress" /></>} note={data === undefined ? " " : t("product.aging_note", { n: data.items.length })}>
      <Loaded query={query} skeleton={<Skeleton height={260} />}>
        {({ data: times }) => <Ages times={times} />}
      </Loaded>
    </Card>
  );
}

function Ages({ times }: { times: TimedItems }) {
  const openItem = useOpenItem();
  const marks = useMemo(() => linesOf(times.percentiles, AGE_LINES), [times]);
  const slow = times.items.filter(({ is_slow }) => is_slow === true).length;
  if (times.items.length === 0) return <Empty title={t("empty.filter")}>{t("empty.filter_text")}</Empty>;
  return (
    <>
      <p className="row beside-menu">
        <Badge tone={slow > 0 ? "warn" : "good"}>{t("product.aging_slow", { n: slow })}</Badge>
      </p>
      <Aging title={t("product.aging")} items={times.items} marks={marks} height={220} onPick={openItem} />
      <h3>{t("product.aging_oldest")}</h3>
      <ol className="oldest plain-list">
        {times.items.slice(0, OLDEST).map((item) => (
          <li key={item.id}>
            <Link to="/items/$" params={{ _splat: item.id }}>
              {item.key} {item.title}
            </Link>
            <span className="note">{item.status}</span>
            <span className={item.is_slow === true ? "slow" : undefined}>
              <Value value={item.seconds} unit="seconds" />
            </span>
          </li>
        ))}
      </ol>
    </>
  );
}
