import type { JourneyStep } from "../data/journey";
import { formatShortDay, formatTime } from "../format/time";
import { formatDuration } from "../format/value";
import { tOr } from "../i18n/t";
import { Sentence, Tooltip } from "../ui";
import { gapBefore } from "./timing";
import "./journey.css";

/** The steps on the way to production: when each was taken and how long it took from the one before, or why not. */
export function Steps({ steps, label }: { steps: JourneyStep[]; label: string }) {
  return (
    <ol className="steps" aria-label={label}>
      {steps.map((step, nth) => (
        <li key={step.step} className={`step ${step.at === null ? "step-open" : "step-taken"} ${step.step === "in_production" ? "step-goal" : ""}`}>
          <Gap seconds={gapBefore(steps, nth)} />
          <span className="step-name">{tOr(`step.${step.step}`, step.step)}</span>
          {step.at === null ? (
            <span className="note step-why">{step.why === null ? "–" : <Sentence text={step.why} />}</span>
          ) : (
            <Tooltip text={formatTime(step.at)}>
              <time className="step-time" dateTime={step.at} tabIndex={0}>
                {formatShortDay(step.at)}
                <span className="visually-hidden">, {formatTime(step.at)}</span>
              </time>
            </Tooltip>
          )}
        </li>
      ))}
    </ol>
  );
}

function Gap({ seconds }: { seconds: number | undefined }) {
  return <span className="step-gap">{seconds !== undefined && seconds > 0 ? `+ ${formatDuration(seconds)}` : ""}</span>;
}
