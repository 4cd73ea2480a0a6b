import type { TargetResult } from "../../data/targets";
import { formatDay } from "../../format/time";
import { t, tOr } from "../../i18n/t";
import { Badge, Tooltip } from "../../ui";
import { targetText } from "./value";

/** Whether a target is met, and since when it is not. */
export function TargetState({ result: { met, missed_since, interval } }: { result: TargetResult }) {
  if (met === null) return <Badge>{t("target.unknown")}</Badge>;
  if (met) return <Badge tone="good">{t("target.met")}</Badge>;
  return (
    <span className="target-state">
      <Badge tone="bad">{t("target.missed")}</Badge>
      <span className="note">{missed_since === null ? tOr(`target.met_in_last_${interval}`, "") : t("target.since", { day: formatDay(missed_since) })}</span>
    </span>
  );
}

/** A target below a metric. */
export function TargetLine({ result }: { result: TargetResult }) {
  return (
    <span className="target-line" data-target={result.metric}>
      {t("target.line", { target: targetText(result.bound, result.target, result.unit) })} <TargetState result={result} />
    </span>
  );
}

/** The sign of a target beside a value in a table, where there is no place for more. */
export function TargetSign({ result }: { result: TargetResult }) {
  if (result.met === null) return null;
  const target = targetText(result.bound, result.target, result.unit);
  const text = t(result.met ? "target.sign_met" : "target.sign_missed", { target });
  return (
    <Tooltip text={text}>
      <span className={`target-sign target-${result.met ? "met" : "missed"}`} tabIndex={0}>
        <span aria-hidden="true">{result.met ? "✓" : "✗"}</span>
        <span className="visually-hidden">{text}</span>
      </span>
    </Tooltip>
  );
}
