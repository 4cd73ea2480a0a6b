import type { ReactNode } from "react";
import type { Level } from "../data/types";
import { t } from "../i18n/t";

export type Tone = "neutral" | "good" | "warn" | "bad" | "info";

/** A short state in a color of its own; the text says it too. */
export function Badge({ tone = "neutral", children }: { tone?: Tone; children: ReactNode }) {
  return <span className={`badge badge-${tone}`}>{children}</span>;
}

/** A level of a metric by the chosen benchmark; nothing where there is none. */
export function LevelBadge({ level }: { level: Level | null | undefined }) {
  if (level === null || level === undefined) return null;
  return <span className={`badge level level-${level}`}>{t(`level.${level}`)}</span>;
}
