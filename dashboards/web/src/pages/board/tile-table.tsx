import { Link } from "@tanstack/react-router";
import type { MetricAnswer, MetricPart } from "../../data/types";
import { t, type Key } from "../../i18n/t";
import { Delta, Table, Value, type Column } from "../../ui";

/** The question of a tile, as Explore has it in its address. */
type Question = Record<string, string | undefined>;

interface Line {
  key: string;
  name: string;
  parts: (MetricPart | undefined)[];
}

/** The answers of a tile as a table: a row for each slice with a column for each metric; without slices a row for each metric. */
export function TileTable({ answers, title, question }: { answers: MetricAnswer[]; title: string; question: Question }) {
  const by = answers[0]?.by;
  if (by === null || by === undefined) return <Wholes answers={answers} title={title} question={question} />;
  const names = [...new Set(answers.flatMap(({ slices }) => slices.map(({ slice }) => slice ?? "")))].sort((left, right) => left.localeCompare(right));
  const rows: Line[] = names.map((name) => ({ key: name, name: name || t("explore.no_slice"), parts: answers.map(({ slices }) => slices.find(({ slice }) => (slice ?? "") === name)) }));
  const columns: Column<Line>[] = [
    { id: "slice", head: t(`slice.${by}` as Key), value: ({ name }) => name, cell: ({ name }) => name },
    ...answers.map(({ metric }, index): Column<Line> => ({ id: metric.name, head: metric.title, align: "end", value: ({ parts }) => parts[index]?.value, cell: ({ parts }) => <Cell metric={metric} part={parts[index]} question={question} /> })),
  ];
  return <Table title={title} columns={columns} rows={rows} rowKey={({ key }) => key} canExport={false} sort={{ id: "slice" }} empty={t("explore.no_slices", { title })} />;
}

function Wholes({ answers, title, question }: { answers: MetricAnswer[]; title: string; question: Question }) {
  const columns: Column<MetricAnswer>[] = [
    { id: "metric", head: t("explore.metric"), value: ({ metric }) => metric.title, cell: ({ metric }) => <Link to="/explore" search={{ ...question, metric: metric.name } as never}>{metric.title}</Link> },
    { id: "value", head: t("chart.value"), align: "end", cell: ({ metric, whole }) => <Value value={whole.value} unit={metric.unit} why={whole.caveats[0]?.text} /> },
    { id: "change", head: t("explore.change"), align: "end", cell: ({ metric, whole }) => <Delta metric={metric.name} unit={metric.unit} compared={whole.compared} /> },
    { id: "n", head: "n", align: "end", cell: ({ whole }) => whole.n },
  ];
  return <Table title={title} columns={columns} rows={answers} rowKey={({ metric }) => metric.name} canExport={false} />;
}

/** A value that opens the same slice in Explore, where its rows are. */
function Cell({ metric, part, question }: { metric: MetricAnswer["metric"]; part: MetricPart | undefined; question: Question }) {
  const value = <Value value={part?.value} unit={metric.unit} why={part?.caveats[0]?.text} />;
  const search = { ...question, metric: metric.name, slice: part?.slice ?? undefined };
  return (
    <span className="tile-cell">
      <Delta metric={metric.name} unit={metric.unit} compared={part?.compared} />
      {part?.value === null || part?.value === undefined ? value : <Link to="/explore" search={search as never} className="rows-link" title={t("chart.n", { n: part.n })}>{value}</Link>}
    </span>
  );
}
