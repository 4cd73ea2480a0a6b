import { t } from "../../i18n/t";
import { Badge } from "../../ui";

/** What a deployment was, in a word: rework is unplanned work on a fault that users saw. */
export function Verdict({ failed, rework, success, counted }: { failed?: boolean | null; rework?: boolean | null; success?: boolean | null; counted?: boolean | null }) {
  if (success === false) return <Badge>{t("verdict.not_done")}</Badge>;
  if (counted === false) return <Badge>{t("verdict.not_counted")}</Badge>;
  return (
    <span className="badges">
      {failed === true && <Badge tone="bad">{t("verdict.failed")}</Badge>}
      {rework === true && <Badge tone="warn">{t("verdict.rework")}</Badge>}
      {failed !== true && rework !== true && <Badge tone="good">{t("verdict.good")}</Badge>}
    </span>
  );
}
