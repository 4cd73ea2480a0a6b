import type { MetricAnswer } from "../../data/types";
import { ofAnswer, ofSlice, type Measured } from "../parts/measured";

/** A metric of a project, or of all; a project without any has no value. */
export function measuredOf(answer: MetricAnswer, project: string | undefined): Measured {
  if (project === undefined) return ofAnswer(answer);
  const { name, title, unit } = answer.metric;
  return ofSlice(answer, project) ?? { metric: name, title, unit, value: null, n: 0, compared: null, caveats: [], values: [], series: [] };
}
