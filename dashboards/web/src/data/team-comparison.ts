import type { UseQueryResult } from "@tanstack/react-query";
import { useMemo } from "react";
import { comparedTeam, type FilterSearch } from "./filter";
import type { Comparison, MetricAnswer, MetricPart, Report, Window } from "./types";

interface Compared {
  value?: number | null;
  text?: string | null;
  n: number;
}

/** How a value differs from that of another team over the same window; null where one of them is missing. */
export function againstTeam(one: Compared, other: Compared | undefined, window: Window, team: string): Comparison | null {
  const [value, others] = [one.value ?? null, other?.value ?? null];
  if (value === null || other === undefined || others === null) return null;
  const difference = value - others;
  return { window, team, value: others, text: other.text ?? null, n: other.n, difference, change: others === 0 ? null : difference / others };
}

/** The team to compare with, if it is another than that of the filter. */
export function otherTeam(filter: FilterSearch): string | undefined {
  const team = comparedTeam(filter);
  return team === filter.team && filter.service === undefined ? undefined : team;
}

/** What slices are named alike in every team. */
const ALIKE = ["type", "ai", "label"];

/** Answers compared with those of another team: the whole, each team with that team, and slices with those of the same name. */
export function answersAgainst(answers: MetricAnswer[], others: MetricAnswer[], team: string): MetricAnswer[] {
  return answers.map((answer) => {
    const other = others.find(({ metric }) => metric.name === answer.metric.name);
    if (other === undefined) return answer;
    const { window, by } = answer;
    const otherOf = ({ slice }: MetricPart) => {
      if (by === "team") return slice === team ? undefined : other.whole;
      return ALIKE.includes(by ?? "") ? other.slices.find((candidate) => candidate.slice === slice) : undefined;
    };
    const compared = (part: MetricPart, reference: MetricPart | undefined): MetricPart => ({ ...part, compared: againstTeam(part, reference, window, team) });
    return { ...answer, whole: compared(answer.whole, other.whole), slices: answer.slices.map((part) => compared(part, otherOf(part))) };
  });
}

/** The report compared with that of another team. Its slices are not: services, or anything else that only one team has. */
export function wholeAgainst(report: Report, other: Report, team: string): Report {
  return { ...reportAgainst(report, other, team), slices: report.slices };
}

/** The report compared with that of another team: its metrics, and those of each other team. */
export function reportAgainst(report: Report, other: Report, team: string): Report {
  const compared = <Metrics extends object>(metrics: Metrics): Metrics => {
    const entries = Object.entries(metrics).map(([name, metric]) => {
      const others = (other as unknown as Record<string, unknown>)[name];
      return [name, isMetric(metric) && isMetric(others) ? { ...metric, compared: againstTeam(metric, others, report.window, team) } : metric];
    });
    return Object.fromEntries(entries) as Metrics;
  };
  return { ...compared(report), slices: report.slices.map((slice) => (slice.slice === team ? slice : compared(slice))) };
}

function isMetric(value: unknown): value is Compared & { series: unknown[] } {
  return typeof value === "object" && value !== null && "series" in value && "n" in value;
}

/** An answer joined with that about the team to compare with, once it is there; as it is where no team was chosen. */
export function useAgainst<Answer extends { data: unknown }>(
  result: UseQueryResult<Answer>,
  other: UseQueryResult<Answer>,
  team: string | undefined,
  join: (one: Answer["data"], other: Answer["data"], team: string) => Answer["data"],
): UseQueryResult<Answer> {
  const [one, others] = [result.data, other.data];
  const data = useMemo(
    () => (team === undefined || one === undefined || others === undefined ? one : { ...one, data: join(one.data, others.data, team) }),
    [one, others, team, join],
  );
  return team === undefined ? result : ({ ...result, data } as UseQueryResult<Answer>);
}
