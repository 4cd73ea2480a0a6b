import { useMemo } from "react";
import { SeriesChart } from "../../charts/series";
import { useExplored, type Exploring } from "../../data/explored";
import type { MetricAnswer } from "../../data/types";
import { t, tOr } from "../../i18n/t";
import { Card, Loaded, Skeleton } from "../../ui";
import { valueOf } from "../parts/measured";

/** What is drawn of each step. */
const NAMES = ["median", "p75", "p90"];

/** How the percentiles of the whole moved: whether the slow ones become slower while the median stays. */
export function PercentilesView({ answer: { metric, interval }, exploring }: { answer: MetricAnswer; exploring: Exploring }) {
  const answers = useExplored({ ...exploring, by: undefined }, { values: true });
  const title = t("explore.percentiles_of", { title: metric.title });
  return (
    <Card title={title}>
      <Loaded query={answers} skeleton={<Skeleton height={340} />}>
        {({ data: [answer] }) => answer !== undefined && <Percentiles title={title} answer={answer} interval={interval} />}
      </Loaded>
    </Card>
  );
}

function Percentiles({ title, answer, interval }: { title: string; answer: MetricAnswer; interval: string }) {
  const series = useMemo(
    () => NAMES.map((name) => ({ name: tOr(`value.${name}`, name), points: answer.whole.series.map((step) => ({ ...step, value: valueOf(step.values, name) })) })),
    [answer],
  );
  return <SeriesChart title={title} unit={answer.metric.unit} interval={interval} series={series} height={340} />;
}
