import { formatDuration } from "../../format/value";
import { t, type Key } from "../../i18n/t";
import type { Schema } from "../../data/types";

/** The stages of a lead time, in order. Approval is a part of the review. */
export const STAGES = ["coding", "pickup", "review", "deploy"] as const;

/** How long a change spent in a stage; null where that is not known. */
export function stageSeconds(stages: Schema<"Stages">, stage: (typeof STAGES)[number]): number | null {
  return stages[`${stage}_seconds`] ?? null;
}

/** The stages of a lead time as one bar, with their durations in words. */
export function StageBar({ stages }: { stages: Schema<"Stages"> }) {
  const known = STAGES.map((stage, index) => ({ stage, index, seconds: stageSeconds(stages, stage) })).filter(({ seconds }) => seconds !== null && seconds > 0);
  const text = known.map(({ stage, seconds }) => `${t(`value.${stage}` as Key)} ${formatDuration(seconds)}`).join(", ");
  if (known.length === 0) return null;
  return (
    <div className="stage-bar" role="img" aria-label={text} title={text}>
      {known.map(({ stage, index, seconds }) => (
        <span key={stage} className={`series-${index + 1}`} style={{ flexGrow: seconds ?? 0 }} />
      ))}
    </div>
  );
}
