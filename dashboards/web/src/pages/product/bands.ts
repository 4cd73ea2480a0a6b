import type { MetricPart } from "../../data/types";
import { t } from "../../i18n/t";

/** The bands of a cumulative flow, from the last state to the first, of the metrics to do, in progress and throughput. */
export function flowOf([toDo, inProgress, done]: (Pick<MetricPart, "series"> | undefined)[]) {
  const steps = inProgress?.series ?? toDo?.series ?? [];
  const at = (part: Pick<MetricPart, "series"> | undefined) => new Map(part?.series.map((point) => [point.from, point]));
  const [waiting, working, finished] = [at(toDo), at(inProgress), at(done)];
  let sum = 0;
  const doneSince = steps.map(({ from }) => (sum += finished.get(from)?.n ?? 0));
  return {
    days: steps.map(({ from }) => from),
    states: [
      { name: t("product.done"), counts: doneSince },
      { name: t("product.in_progress"), counts: steps.map(({ from }) => working.get(from)?.value ?? null) },
      { name: t("product.to_do"), counts: steps.map(({ from }) => waiting.get(from)?.value ?? null) },
    ],
  };
}
