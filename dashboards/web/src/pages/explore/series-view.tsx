import { useNavigate } from "@tanstack/react-router";
import { useMemo } from "react";
import { atSteps, DRAWN, kindOf, linesOf } from "../../charts/lines";
import { SeriesChart } from "../../charts/series";
import { referenceOf, useExplored, type Exploring } from "../../data/explored";
import { comparedTeam, useFilter } from "../../data/filter";
import type { MetricAnswer } from "../../data/types";
import { formatWindow } from "../../format/time";
import { t } from "../../i18n/t";
import { Card } from "../../ui";
import { listOf } from "../parts/rows";

/** A metric over time, with what it is compared with; a click on a period opens its rows. */
export function SeriesView({ answer, exploring, slice }: { answer: MetricAnswer; exploring: Exploring; slice: string | undefined }) {
  const { metric, interval, slices } = answer;
  const filter = useFilter();
  const navigate = useNavigate();
  const isWhole = slices.length === 0;
  const reference = isWhole ? referenceOf(filter, answer) : undefined;
  const earlier = useExplored(exploring, { filter: reference, enabled: reference !== undefined });
  const before = reference === undefined ? undefined : earlier.data?.data[0];
  const name = comparedTeam(filter) ?? (before === undefined ? "" : formatWindow(before.window));
  const series = useMemo(() => {
    const lines = linesOf(answer, filter.service ?? filter.team ?? t("explore.whole"), slice);
    const steps = answer.whole.series;
    return before === undefined ? lines : [...lines, { name, points: atSteps(before.whole.series, steps), isReference: true }];
  }, [answer, filter.service, filter.team, slice, before, name]);
  const [to, search] = listOf(metric.name);
  const pick = (from: string, until: string, picked: string) => {
    const scope = answer.by === "team" || answer.by === "service" ? { [answer.by]: picked } : {};
    void navigate({ to, search: { ...filter, ...search, ...scope, window: undefined, from, to: until } } as never);
  };
  const hidden = slices.length - DRAWN;
  const hasRows = to !== "/explore";
  return (
    <Card title={metric.title} note={hidden > 0 && slice === undefined ? t("explore.not_drawn", { n: hidden, drawn: DRAWN }) : hasRows ? t("explore.pick") : undefined}>
      <SeriesChart title={metric.title} unit={metric.unit} interval={interval} series={series} kind={before === undefined && slice === undefined ? kindOf(answer) : "line"} height={340} onPick={hasRows ? pick : undefined} />
    </Card>
  );
}
