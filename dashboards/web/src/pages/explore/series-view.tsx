import { useNavigate } from "@tanstack/react-router";
import { useMemo } from "react";
import { atSteps, DRAWN, kindOf, linesOf } from "../../charts/lines";
import { SeriesChart } from "../../charts/series";
import { referenceOf, useExplored, type Exploring } from "../../data/explored";
import { comparedTeam, useFilter } from "../../data/filter";
import { useTargetResults } from "../../data/targets";
import type { MetricAnswer } from "../../data/types";
import { formatWindow } from "../../format/time";
import { t } from "../../i18n/t";
import { Card } from "../../ui";
import { listOf } from "../parts/rows";
import { targetText } from "../targets/value";

/** A metric over time, with what it is compared with and what was agreed about it; a click on a period opens its rows. */
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
  const results = useTargetResults().data?.data;
  const target = useMemo(() => {
    // a service and a repository have no targets of their own
    const agreed = isWhole && filter.service === undefined && exploring.repository === undefined ? results?.find((result) => result.metric === metric.name) : undefined;
    return agreed === undefined ? undefined : { value: agreed.target, name: targetText(agreed.bound, agreed.target, agreed.unit) };
  }, [results, isWhole, filter.service, exploring.repository, metric.name]);
  const [to, search] = listOf(metric.name);
  const pick = (from: string, until: string, picked: string) => {
    const scope = answer.by === "team" || answer.by === "service" ? { [answer.by]: picked } : {};
    void navigate({ to, search: { ...filter, ...search, ...scope, window: undefined, from, to: until } } as never);
  };
  const hidden = slices.length - DRAWN;
  const hasRows = to !== "/explore";
  return (
    <Card title={metric.title} note={hidden > 0 && slice === undefined ? t("explore.not_drawn", { n: hidden, drawn: DRAWN }) : hasRows ? t("explore.pick") : undefined}>
      <SeriesChart title={metric.title} unit={metric.unit} interval={interval} series={series} target={target} kind={before === undefined && slice === undefined ? kindOf(answer) : "line"} height={340} onPick={hasRows ? pick : undefined} />
    </Card>
  );
}
