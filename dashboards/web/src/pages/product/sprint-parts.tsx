import type { Sprint } from "../../data/sprints";
import { formatDay, formatShortDay } from "../../format/time";
import { t } from "../../i18n/t";

/** From when to when a sprint goes. */
export function Dates({ sprint: { startedAt, endsAt, completedAt } }: { sprint: Pick<Sprint, "startedAt" | "endsAt" | "completedAt"> }) {
  const end = completedAt ?? endsAt;
  return (
    <span className="note">
      {startedAt === null ? "?" : formatShortDay(startedAt)} – {end === null ? "?" : formatDay(end)}
    </span>
  );
}

/** How many of the items are done, as a bar with its numbers. */
export function DoneBar({ done, all }: { done: number; all: number }) {
  if (all === 0) return <span className="note">{t("product.sprint_empty")}</span>;
  return (
    <span className="progress-cell">
      <span>{t("product.sprint_of", { done, all })}</span>
      <svg className="progress" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">
        <rect className="progress-rest" width={100} height={8} />
        <rect className="progress-done" width={(done / all) * 100} height={8} />
      </svg>
    </span>
  );
}
