import type { ReactNode } from "react";
import { useDirection } from "../data/queries";
import type { Comparison, Unit } from "../data/types";
import { verdictOf } from "../format/direction";
import { formatDay } from "../format/time";
import { formatChange, formatValue } from "../format/value";
import { t } from "../i18n/t";
import { Tooltip } from "./tooltip";

/** A value with its unit. Where nothing was observed it says so; `why` says more, such as a caveat. */
export function Value({ value, unit, text, why }: { value: number | null | undefined; unit: Unit; text?: string | null; why?: string }) {
  if (value === null || value === undefined) {
    return (
      <Tooltip text={why ?? t("ui.none")}>
        <span className="value-none" tabIndex={0}>
          <span aria-hidden="true">–</span>
          <span className="visually-hidden">{why ?? t("ui.none")}</span>
        </span>
      </Tooltip>
    );
  }
  return <data value={value}>{text ?? formatValue(value, unit)}</data>;
}

/** The change against an earlier window, or the difference from another team, in the color of its direction: less can be good. */
export function Delta({ metric, unit, compared }: { metric: string; unit: Unit; compared: Comparison | null | undefined }) {
  const direction = useDirection(metric);
  if (compared?.change === null || compared?.change === undefined) return null;
  const { change, n, window, value, team } = compared;
  const verdict = verdictOf(change, direction);
  const written = formatChange(change);
  const bare = written.replace(/^[+−]/, "");
  const phrase = Math.abs(change) < 0.0005 ? t("delta.same") : written.endsWith("×") ? t("delta.times", { times: bare }) : t(change > 0 ? "delta.up" : "delta.down", { change: bare });
  const before = team === undefined ? t("delta.from", { value: formatValue(value, unit), n, from: formatDay(window.from), to: formatDay(window.to) }) : t("delta.of_team", { team, value: formatValue(value, unit), n });
  return (
    <Tooltip text={`${phrase}; ${before}`}>
      <span className={`delta delta-${verdict}`} tabIndex={0}>
        <span aria-hidden="true">{change > 0 ? "▲" : change < 0 ? "▼" : "■"} </span>
        <span aria-hidden="true">{bare}</span>
        <span className="visually-hidden">{phrase}</span>
      </span>
    </Tooltip>
  );
}

/** A number that stands out: label, value, change, and what else belongs to it. */
export function Stat({ label, children, aside, note }: { label: ReactNode; children: ReactNode; aside?: ReactNode; note?: ReactNode }) {
  return (
    <div className="stat">
      <div className="stat-label">{label}</div>
      <div className="stat-row">
        <span className="stat-value">{children}</span>
        {aside}
      </div>
      {note !== undefined && <div className="stat-note">{note}</div>}
    </div>
  );
}
