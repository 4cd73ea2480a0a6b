import { Link } from "@tanstack/react-router";
import { useDefinitions } from "../../data/queries";
import type { Definition } from "../../data/types";
import { t, tOr, type Key } from "../../i18n/t";
import { Card, Skeleton, Table, type Column } from "../../ui";

/** Every metric that the server knows, those of the settings among them: what it is, how it is aggregated, what it can be asked for by. */
export function MetricsTable() {
  const definitions = [...useDefinitions().values()];
  const title = t("guide.all");
  return (
    <Card title={title} note={definitions.length > 0 ? t("guide.count", { n: definitions.length }) : undefined} flush>
      {definitions.length === 0 ? <Skeleton height={320} /> : <Table title={title} columns={columns()} rows={definitions} rowKey={({ name }) => name} />}
    </Card>
  );
}

function columns(): Column<Definition>[] {
  return [
    {
      id: "title",
      head: t("explore.metric"),
      value: ({ title }) => title,
      cell: ({ name, title }) => (
        <Link to="/explore" search={{ metric: name }}>
          {title}
        </Link>
      ),
    },
    { id: "group", head: t("guide.group"), isMinor: true, value: ({ group }) => group, cell: ({ group }) => tOr(`group.${group}`, group) },
    { id: "definition", head: t("metric.definition"), value: ({ definition }) => definition, cell: ({ definition }) => <span lang="en">{definition}</span> },
    { id: "aggregation", head: t("metric.formula"), isMinor: true, value: ({ aggregation }) => aggregation, cell: ({ aggregation }) => tOr(`aggregation.${aggregation}`, aggregation) },
    { id: "direction", head: t("metric.direction"), isMinor: true, value: ({ direction }) => direction, cell: ({ direction }) => t(`guide.${direction}`) },
    { id: "slices", head: t("explore.by"), isMinor: true, value: ({ slices }) => slices.join(" "), cell: ({ slices }) => slices.map((slice) => t(`slice.${slice}` as Key)).join(", ") },
  ];
}
