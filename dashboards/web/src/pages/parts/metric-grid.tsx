import type { FilterSearch } from "../../data/filter";
import { useMetrics } from "../../data/queries";
import type { MetricAnswer } from "../../data/types";
import { Card, Loaded, Skeleton } from "../../ui";
import { ofAnswer, ofSlice, type Measured } from "./measured";
import { MetricCard } from "./metric-card";

interface MetricGridProps {
  names: string[];
  filter: FilterSearch;
  scope?: { team?: string; service?: string };
  /** Metrics of which a slice is shown rather than the whole: what they are sliced by, and its name. */
  slice?: { by: string; name: string };
}

/** Metrics in cards, side by side. */
export function MetricGrid({ names, filter, scope, slice }: MetricGridProps) {
  const answers = useMetrics(names, { filter, by: slice?.by });
  const chosen = (answer: MetricAnswer): Measured | undefined => (slice === undefined ? ofAnswer(answer) : ofSlice(answer, slice.name));
  const skeleton = (
    <div className="grid metric-grid">
      {names.map((name) => (
        <Card key={name}>
          <Skeleton height={118} />
        </Card>
      ))}
    </div>
  );
  return (
    <Loaded query={answers} skeleton={skeleton}>
      {({ data }) => (
        <div className="grid metric-grid">
          {data.map((answer) => (
            <MetricCard key={answer.metric.name} metric={chosen(answer) ?? nothing(answer)} scope={scope} />
          ))}
        </div>
      )}
    </Loaded>
  );
}

/** A metric of a slice that was not observed. */
function nothing({ metric }: MetricAnswer): Measured {
  return { metric: metric.name, title: metric.title, unit: metric.unit, value: null, n: 0, compared: null, caveats: [], values: [], series: [] };
}
