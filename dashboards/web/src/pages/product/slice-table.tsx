import { useNavigate } from "@tanstack/react-router";
import { useMetrics } from "../../data/queries";
import type { MetricAnswer } from "../../data/types";
import { t, tOr } from "../../i18n/t";
import { Card, Delta, Loaded, Skeleton, Table, Value, type Column } from "../../ui";

const METRICS = ["item_throughput", "item_cycle_time", "items_in_progress", "age_of_items_in_progress"];
const MINOR = new Set(["age_of_items_in_progress"]);

/** Metrics of work items by type or project; a row opens its items. */
export function SliceTable({ by, title }: { by: "type" | "repository"; title: string }) {
  const navigate = useNavigate();
  const query = useMetrics(METRICS, { by, series: false });
  const open = (slice: string) => {
    const changes = by === "type" ? { tab: "items", kind: slice } : { project: slice };
    void navigate({ to: "/product", search: (search: object) => ({ ...search, ...changes }) } as never);
  };
  return (
    <Card title={title} flush>
      <Loaded query={query} skeleton={<Skeleton height={180} />}>
        {({ data }) => (
          <Table
            title={title}
            columns={columns(by, data)}
            rows={slicesOf(data)}
            rowKey={(slice) => slice ?? ""}
            onOpen={(slice) => slice !== null && open(slice)}
            sort={{ id: "item_throughput", desc: true }}
          />
        )}
      </Loaded>
    </Card>
  );
}

type Slice = string | null;

function slicesOf(answers: MetricAnswer[]): Slice[] {
  return [...new Set(answers.flatMap(({ slices }) => slices.map(({ slice }) => slice ?? null)))];
}

function columns(by: "type" | "repository", answers: MetricAnswer[]): Column<Slice>[] {
  const head = t(by === "type" ? "product.type" : "product.project");
  return [
    { id: "slice", head, value: (slice) => slice, cell: (slice) => <strong className="slice-name">{slice ?? t("product.type_none")}</strong> },
    ...answers.map((answer) => metricColumn(answer)),
  ];
}

function metricColumn({ metric, slices }: MetricAnswer): Column<Slice> {
  const part = (slice: Slice) => slices.find((found) => (found.slice ?? null) === slice);
  return {
    id: metric.name,
    title: metric.title,
    head: tOr(`product.head.${metric.name}`, metric.title),
    align: "end",
    isMinor: MINOR.has(metric.name),
    value: (slice) => part(slice)?.value,
    cell: (slice) => {
      const found = part(slice);
      return (
        <span className="slice-cell">
          <Value value={found?.value} unit={metric.unit} why={found?.caveats[0]?.text} />
          <span className="note">
            {t("chart.n", { n: found?.n ?? 0 })} <Delta metric={metric.name} unit={metric.unit} compared={found?.compared} />
          </span>
        </span>
      );
    },
  };
}
