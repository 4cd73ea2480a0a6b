import type { TargetResult } from "../../data/targets";
import type { Basis, Caveat, Comparison, Level, Metric, MetricAnswer, MetricPart, NamedValue, Point, Unit } from "../../data/types";

/** A metric with its value, whether it is of the report or of any other answer. */
export interface Measured {
  metric: string;
  title: string;
  unit: Unit;
  value: number | null;
  n: number;
  compared: Comparison | null;
  level?: Level | null;
  score?: number | null;
  benchmark?: { mean: number } | null;
  basis?: Basis;
  caveats: Caveat[];
  values: NamedValue[];
  series: Point[];
  /** What it should be, where that was agreed. */
  target?: TargetResult;
}

/** A metric of the report. */
export function ofReport(metric: Metric): Measured {
  return { ...metric, value: metric.value ?? null, compared: metric.compared ?? null };
}

/** The whole of an answer. */
export function ofAnswer(answer: MetricAnswer): Measured {
  return ofPart(answer, answer.whole);
}

/** The slice of an answer with this name; nothing where it has none. */
export function ofSlice(answer: MetricAnswer, slice: string): Measured | undefined {
  const part = answer.slices.find((candidate) => candidate.slice === slice);
  return part === undefined ? undefined : ofPart(answer, part);
}

function ofPart({ metric }: MetricAnswer, part: MetricPart): Measured {
  const { value, n, compared, basis, caveats, values, series } = part;
  return { metric: metric.name, title: metric.title, unit: metric.unit, value: value ?? null, n, compared: compared ?? null, basis, caveats, values, series };
}

/** The same with its target among these: that of the whole, or of a team. */
export function withTarget(measured: Measured, targets: TargetResult[], team: string | null = null): Measured {
  const target = targets.find((result) => result.metric === measured.metric && result.team === team);
  return target === undefined ? measured : { ...measured, target };
}

/** The answer about a metric. */
export function answerOf(answers: MetricAnswer[], metric: string): MetricAnswer | undefined {
  return answers.find((answer) => answer.metric.name === metric);
}

/** The value with a name beside the first; null where there is none. */
export function valueOf(values: NamedValue[], name: string): number | null {
  return values.find((value) => value.name === name)?.value ?? null;
}

/** The same with what is open at the end, where its value is an average of days; the change is of averages, so it is left out. */
export function atEnd(measured: Measured): Measured {
  const value = valueOf(measured.values, "at_end");
  return value === null ? measured : { ...measured, value, compared: null };
}
