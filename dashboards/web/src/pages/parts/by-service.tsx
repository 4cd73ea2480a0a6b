import { Link } from "@tanstack/react-router";
import type { FilterSearch } from "../../data/filter";
import { useDefinitions, useMetrics } from "../../data/queries";
import { t } from "../../i18n/t";
import { Card, Loaded, Skeleton } from "../../ui";
import { ofSlice } from "./measured";
import { SliceTable } from "./slice-table";

/** Metrics of each service of a team, side by side. */
export function ByService({ title, names, filter, tab }: { title: string; names: string[]; filter: FilterSearch; tab?: string }) {
  const answers = useMetrics(names, { by: "service", filter });
  const definitions = useDefinitions();
  return (
    <Loaded query={answers} skeleton={<Card title={title}><Skeleton height={180} /></Card>}>
      {({ data }) => {
        const slices = [...new Set(data.flatMap(({ slices }) => slices.flatMap(({ slice }) => (slice === null || slice === undefined ? [] : [slice]))))];
        const rows = slices.map((slice) => ({
          slice,
          metrics: Object.fromEntries(data.flatMap((answer) => {
            const metric = ofSlice(answer, slice);
            return metric === undefined ? [] : [[answer.metric.name, metric]];
          })),
        }));
        return (
          <SliceTable
            title={title}
            head={t("team.service")}
            metrics={names.map((name) => ({ name, title: definitions.get(name)?.title ?? name }))}
            rows={rows}
            nameOf={({ slice }) => (
              <Link to="/services/$" params={{ _splat: slice }} search={{ tab } as never}>
                {slice}
              </Link>
            )}
          />
        );
      }}
    </Loaded>
  );
}
