import { t } from "../../i18n/t";
import type { Schema } from "../../data/types";
import { Badge } from "../../ui";

/** The outcome of a deployment: failed and recovered, rework, fine, or not counted. */
export function Verdict({ deployment }: { deployment: Pick<Schema<"Deployment">, "failed" | "success" | "counted" | "rework" | "recovered_at"> }) {
  const { failed, success, counted, rework, recovered_at } = deployment;
  return (
    <span className="row">
      {failed ? <Badge tone="bad">{t(recovered_at === null ? "verdict.failed_open" : "verdict.failed_recovered")}</Badge> : counted ? <Badge tone="good">{t("verdict.fine")}</Badge> : <Badge tone={success ? "neutral" : "warn"}>{t(success ? "verdict.not_counted" : "verdict.attempt")}</Badge>}
      {rework && <Badge tone="warn">{t("verdict.rework")}</Badge>}
    </span>
  );
}

/** The severity of an incident, as its source has it. */
export function Severity({ severity }: { severity: string | null | undefined }) {
  if (severity === null || severity === undefined) return <span className="value-none">–</span>;
  const isHigh = /^(sev-?[01]|p[01]|critical|high|blocker|s[01])$/i.test(severity);
  const isMiddle = /^(sev-?2|p2|major|medium|s2)$/i.test(severity);
  return <Badge tone={isHigh ? "bad" : isMiddle ? "warn" : "neutral"}>{severity}</Badge>;
}
