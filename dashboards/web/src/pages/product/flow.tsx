import { useNavigate } from "@tanstack/react-router";
import { useMemo } from "react";
import { CumulativeFlow } from "../../charts/flow";
import { SeriesChart } from "../../charts/series";
import { useFilter } from "../../data/filter";
import { flowFilter, partOf, stepsOf, useItemMetrics } from "../../data/items";
import { useMetrics } from "../../data/queries";
import type { MetricAnswer } from "../../data/types";
import { formatDay } from "../../format/time";
import { t } from "../../i18n/t";
import { Card, Loaded, Skeleton } from "../../ui";
import { MetricCard } from "../parts/metric-card";
import { flowOf } from "./bands";
import { measuredOf } from "./measured";
import { SliceTable } from "./slice-table";
import { AgingCard, CycleTimeCard } from "./times";

const HEADLINES = ["item_throughput", "item_cycle_time", "item_lead_time", "items_in_progress", "age_of_items_in_progress", "flow_efficiency"];
const FLOW = ["items_to_do", "items_in_progress", "item_throughput"];

/** How work items flow: the numbers, what was done, how long it took, what ages, what piles up. */
export function FlowTab({ project, projects }: { project: string | undefined; projects: MetricAnswer[] }) {
  return (
    <div className="stack">
      <Headlines project={project} />
      <div className="grid product-charts">
        <Throughput project={project} />
        <Flow project={project} />
        <CycleTimeCard project={project} />
        <AgingCard project={project} />
      </div>
      <div className="grid product-charts">
        {project === undefined && <SliceTable by="type" title={t("product.by_type")} />}
        {project === undefined && (projects[0]?.slices.length ?? 0) > 1 && <SliceTable by="repository" title={t("product.by_project")} />}
      </div>
    </div>
  );
}

function Headlines({ project }: { project: string | undefined }) {
  const query = useItemMetrics(HEADLINES, project);
  return (
    <Loaded query={query} skeleton={<HeadlinesSkeleton />}>
      {({ data }) => (
        <section className="grid product-metrics" aria-label={t("product.metrics")}>
          {data.map((answer) => (
            <MetricCard key={answer.metric.name} metric={measuredOf(answer, project)} scope={{ project }} />
          ))}
        </section>
      )}
    </Loaded>
  );
}

/** As high as what follows, so that nothing moves. */
function HeadlinesSkeleton() {
  return (
    <div className="grid product-metrics">
      {HEADLINES.map((name) => (
        <Card key={name}>
          <Skeleton height={124} />
        </Card>
      ))}
    </div>
  );
}

/** Items done in each step: by type, or of the chosen project together. */
function Throughput({ project }: { project: string | undefined }) {
  const filter = useFilter();
  const navigate = useNavigate();
  const query = useMetrics(["item_throughput"], { by: project === undefined ? "type" : "repository" });
  const open = (from: string, to: string) =>
    void navigate({ to: "/product", search: (search: object) => ({ ...search, tab: "items", state: "done", from: from.slice(0, 10), to: to.slice(0, 10), window: undefined }) } as never);
  return (
    <Card title={t(project === undefined ? "product.throughput" : "product.throughput_one")}>
      <Loaded query={query} skeleton={<Skeleton height={240} />}>
        {({ data: [answer] }) => <ThroughputChart answer={answer} project={project} interval={stepsOf(filter, answer)} onPick={open} />}
      </Loaded>
    </Card>
  );
}

function ThroughputChart({ answer, project, interval, onPick }: { answer: MetricAnswer | undefined; project: string | undefined; interval: string; onPick: (from: string, to: string) => void }) {
  const series = useMemo(() => {
    const parts = project === undefined ? (answer?.slices ?? []) : [partOf(answer, project)];
    // how many in each step, so that steps cut off by the window do not seem faster
    return parts.map((part) => ({ name: part?.slice ?? t("product.type_none"), points: (part?.series ?? []).map((point) => ({ ...point, value: point.n })) }));
  }, [answer, project]);
  return <SeriesChart title={t("product.throughput_one")} unit="count" interval={interval} series={series} kind="stacked" height={240} onPick={onPick} />;
}

function Flow({ project }: { project: string | undefined }) {
  const filter = flowFilter(useFilter());
  const query = useItemMetrics(FLOW, project, filter);
  const from = query.data?.data[0]?.window.from;
  return (
    <Card title={t("product.flow")} note={from === undefined ? " " : t("product.flow_note", { from: formatDay(from) })}>
      <Loaded query={query} skeleton={<Skeleton height={280} />}>
        {({ data }) => <FlowChart answers={data} project={project} />}
      </Loaded>
    </Card>
  );
}

function FlowChart({ answers, project }: { answers: MetricAnswer[]; project: string | undefined }) {
  const { days, states } = useMemo(() => flowOf(answers.map((answer) => partOf(answer, project))), [answers, project]);
  return <CumulativeFlow title={t("product.flow")} days={days} states={states} height={240} />;
}
