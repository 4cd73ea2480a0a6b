import type { Row } from "sei-client";
import { formatDuration, formatNumber } from "../../format/value";
import { t } from "../../i18n/t";
import { Badge, Moment, Tooltip, Value, type Tone } from "../../ui";

export type Source = Row<"/api/v1/sources">;

const TONES: Record<string, Tone> = { ok: "good", partial: "warn", failing: "bad", collecting: "info" };
const TEXTS = { ok: "sources.ok", partial: "sources.partial", failing: "sources.failing", collecting: "sources.collecting" } as const;

/** How a source stands, in a word. */
export function StateBadge({ state }: { state: string }) {
  const key = TEXTS[state as keyof typeof TEXTS];
  return <Badge tone={TONES[state] ?? "neutral"}>{key === undefined ? state : t(key)}</Badge>;
}

/** For how long what happened at a source is not known yet, in seconds; null where nothing is complete. */
export function lagOf({ complete_until }: Source, now = Date.now()): number | null {
  if (complete_until === null || complete_until === undefined) return null;
  return Math.max(0, (now - new Date(complete_until).getTime()) / 1000);
}

export function Lag({ source }: { source: Source }) {
  return <Value value={lagOf(source)} unit="seconds" why={t(source.state === "collecting" ? "sources.lag_first" : "sources.lag_none")} />;
}

/** The rate budget that is left, and when it is renewed. */
export function Budget({ source }: { source: Source }) {
  const { budget_left, budget_resets_at } = source;
  if (budget_left === null || budget_left === undefined) return <Value value={null} unit="count" why={t("sources.budget_none")} />;
  const left = <data value={budget_left}>{formatNumber(budget_left)}</data>;
  if (budget_resets_at === null || budget_resets_at === undefined) return left;
  const wait = (new Date(budget_resets_at).getTime() - Date.now()) / 1000;
  return (
    <Tooltip text={wait > 0 ? t("sources.budget_renewed", { duration: formatDuration(wait) }) : t("sources.budget_was_renewed")}>
      <span tabIndex={0}>{left}</span>
    </Tooltip>
  );
}

/** When a source was collected last, or since when its first collection runs. */
export function LastRun({ source }: { source: Source }) {
  return (
    <span>
      {source.state === "collecting" && <>{t("sources.since")} </>}
      <Moment at={source.attempted_at} />
    </span>
  );
}

/** The connector of a source: `github` of `github/main`. */
export function connectorOf(name: string): string {
  return name.split("/", 1)[0] ?? name;
}
