import type { ReactNode } from "react";
import { formatTime } from "../../format/time";
import { formatDuration } from "../../format/value";
import { t } from "../../i18n/t";
import "./record.css";

/** A step of a timeline: when it was taken, or why that is not known. */
export interface Step {
  id: string;
  name: ReactNode;
  at: string | null | undefined;
  /** Why it has no time. */
  why?: string | null;
  tone?: "good" | "bad" | "accent";
  /** What else is known about it: what it was, links. */
  children?: ReactNode;
}

/** Steps in their order, each with its time and how long it took since the one before. */
export function Timeline({ title, steps }: { title: string; steps: Step[] }) {
  let before: number | undefined;
  return (
    <ol className="timeline" aria-label={title}>
      {steps.map((step) => {
        const at = timeOf(step);
        const gap = at === undefined || before === undefined ? undefined : (at - before) / 1000;
        before = at ?? before;
        return (
          <li key={step.id} className={`timeline-step ${at === undefined ? "timeline-open" : ""} ${step.tone === undefined ? "" : `timeline-${step.tone}`}`}>
            <div className="timeline-head">
              <strong>{step.name}</strong>
              {step.at === null || step.at === undefined ? <span className="note">{step.why ?? t("record.no_time")}</span> : <time dateTime={step.at}>{formatTime(step.at)}</time>}
              {gap !== undefined && <span className="timeline-gap">{gap < 0 ? formatDuration(gap) : t("record.after", { duration: formatDuration(gap) })}</span>}
            </div>
            {step.children !== undefined && <div className="timeline-more">{step.children}</div>}
          </li>
        );
      })}
    </ol>
  );
}

/** Steps by time; those without one stay where they are, behind the step before. */
export function inOrder(steps: Step[]): Step[] {
  let before = Number.NEGATIVE_INFINITY;
  const placed = steps.map((step) => {
    before = timeOf(step) ?? before;
    return { step, at: before };
  });
  return placed.sort((left, right) => left.at - right.at).map(({ step }) => step);
}

function timeOf({ at }: Step): number | undefined {
  return at === null || at === undefined ? undefined : new Date(at).getTime();
}
