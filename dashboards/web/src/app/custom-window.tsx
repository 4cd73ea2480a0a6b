import { useState } from "react";
import type { FilterSearch } from "../data/filter";
import { t } from "../i18n/t";

/** A window by its first day and the day before which it ends. It takes effect once both are valid. */
export function CustomWindow({ filter, change }: { filter: FilterSearch; change: (changes: Partial<FilterSearch>) => void }) {
  const [draft, setDraft] = useState({ from: filter.from ?? "", to: filter.to ?? "" });
  const set = (changes: Partial<typeof draft>) => {
    const next = { ...draft, ...changes };
    setDraft(next);
    const isWhole = next.from !== "" && (next.to === "" || next.from < next.to);
    if (isWhole) change({ window: undefined, from: next.from, to: next.to === "" ? undefined : next.to });
  };
  return (
    <div className="row">
      <label className="field">
        <span className="field-label">{t("filter.from")}</span>
        <input type="date" value={draft.from.slice(0, 10)} onChange={(event) => set({ from: event.target.value })} />
      </label>
      <label className="field">
        <span className="field-label">{t("filter.to")}</span>
        <input type="date" value={draft.to.slice(0, 10)} onChange={(event) => set({ to: event.target.value })} />
      </label>
    </div>
  );
}
