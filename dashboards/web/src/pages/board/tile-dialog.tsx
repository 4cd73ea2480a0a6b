import { useState } from "react";
import type { Tile } from "../../data/boards";
import { INTERVALS, WINDOWS } from "../../data/filter";
import { defined, useDefinitions, useScopes } from "../../data/queries";
import type { Definition } from "../../data/types";
import { t, tOr, type Key } from "../../i18n/t";
import { Button, Dialog, Segments, Select } from "../../ui";

/** Metrics that a tile may have. */
const METRICS_MAX = 20;

/** A tile as it begins. */
export const NEW_TILE: Tile = { metrics: ["change_lead_time"], form: "chart", width: 6, height: 4 };

/** Asks what a tile shows. */
export function TileDialog({ tile, onSave, onClose }: { tile: Tile; onSave: (tile: Tile) => void; onClose: () => void }) {
  const [draft, setDraft] = useState(tile);
  const change = (changes: Partial<Record<keyof Tile, unknown>>) => setDraft((before) => defined({ ...before, ...changes }) as Tile);
  const isValid = draft.metrics.length >= 1 && draft.metrics.length <= METRICS_MAX;
  return (
    <Dialog
      title={t("boards.tile")}
      isOpen
      onClose={onClose}
      footer={
        <>
          <Button kind="quiet" onPress={onClose}>
            {t("ui.cancel")}
          </Button>
          <Button kind="primary" isDisabled={!isValid} onPress={() => onSave(draft)}>
            {t("boards.take")}
          </Button>
        </>
      }
    >
      <div className="tile-form">
        <label className="field">
          <span className="field-label">{t("boards.tile_title")}</span>
          <input value={draft.title ?? ""} maxLength={200} placeholder={t("boards.tile_title_default")} onChange={(event) => change({ title: event.target.value || undefined })} />
        </label>
        <MetricChoice chosen={draft.metrics} onChange={(metrics) => change({ metrics, by: keptBy(draft.by, metrics) })} />
        <QuestionFields draft={draft} change={change} />
        <div className="field">
          <span className="field-label">{t("explore.view")}</span>
          <Segments label={t("explore.view")} value={draft.form ?? "chart"} options={[{ value: "chart", text: t("explore.view_chart") }, { value: "table", text: t("explore.view_table") }]} onChange={(form) => change({ form })} />
        </div>
      </div>
    </Dialog>
  );
}

/** A slice is dropped with the last metric. */
function keptBy(by: Tile["by"], metrics: string[]): Tile["by"] | undefined {
  return metrics.length === 0 ? undefined : (by ?? undefined);
}

function MetricChoice({ chosen, onChange }: { chosen: string[]; onChange: (metrics: string[]) => void }) {
  const definitions = [...useDefinitions().values()];
  const groups = [...new Set(definitions.map(({ group }) => group))];
  const toggle = (name: string) => onChange(chosen.includes(name) ? chosen.filter((one) => one !== name) : [...chosen, name]);
  return (
    <fieldset className="metric-choice">
      <legend className="field-label">{t("boards.metrics", { n: chosen.length })}</legend>
      {groups.flatMap((group) => [
        <strong key={group}>{tOr(`group.${group}`, group)}</strong>,
        ...definitions.filter((one) => one.group === group).map(({ name, title }) => (
          <label key={name}>
            <input type="checkbox" checked={chosen.includes(name)} disabled={!chosen.includes(name) && chosen.length >= METRICS_MAX} onChange={() => toggle(name)} />
            {title}
          </label>
        )),
      ])}
    </fieldset>
  );
}

function QuestionFields({ draft, change }: { draft: Tile; change: (changes: Partial<Record<keyof Tile, unknown>>) => void }) {
  const { teams, services } = useScopes();
  const definitions = useDefinitions();
  const slices = commonSlices(draft.metrics.flatMap((name) => definitions.get(name) ?? []));
  const scope = draft.service !== null && draft.service !== undefined ? `service:${draft.service}` : draft.team !== null && draft.team !== undefined ? `team:${draft.team}` : "";
  const scopes = (kind: string, rows: { name: string }[]) => rows.map(({ name }) => ({ value: `${kind}:${name}`, text: name }));
  const chooseScope = (chosen: string) => {
    const [kind, ...rest] = chosen.split(":");
    const name = rest.join(":");
    change({ team: kind === "team" ? name : undefined, service: kind === "service" ? name : undefined });
  };
  const asFilter = { value: "", text: t("boards.as_filter") };
  const window = draft.window ?? (draft.from === null || draft.from === undefined ? "" : "own");
  const windows = WINDOWS.map((value) => ({ value: value as string, text: value === "all" ? t("filter.window_all") : t("filter.window_days", { days: Number.parseInt(value, 10) }) }));
  return (
    <div className="split">
      <Select label={t("explore.by")} value={draft.by ?? ""} groups={[{ options: [{ value: "", text: t("explore.by_nothing") }, ...slices.map((slice) => ({ value: slice, text: t(`slice.${slice}` as Key) }))] }]} onChange={(by) => change({ by: by || undefined })} />
      <Select label={t("filter.scope")} value={scope} groups={[{ options: [asFilter] }, { label: t("filter.teams"), options: scopes("team", teams) }, { label: t("filter.services"), options: scopes("service", services) }]} onChange={chooseScope} />
      <Select label={t("filter.window")} value={window} groups={[{ options: [asFilter, ...windows, ...(window === "own" ? [{ value: "own", text: `${draft.from} – ${draft.to ?? "…"}` }] : [])] }]} onChange={(value) => value !== "own" && change({ window: value || undefined, from: undefined, to: undefined })} />
      <Select label={t("filter.interval")} value={draft.interval ?? ""} groups={[{ options: [{ value: "", text: t("filter.interval_auto") }, ...INTERVALS.map((value) => ({ value: value as string, text: t(`filter.interval_${value}`) }))] }]} onChange={(value) => change({ interval: value || undefined })} />
      <Select label={t("filter.compare")} value={draft.compare ?? ""} groups={[{ options: [{ value: "", text: t("filter.compare_none") }, { value: "previous", text: t("filter.compare_previous") }, { value: "year_ago", text: t("filter.compare_year_ago") }] }]} onChange={(value) => change({ compare: value || undefined })} />
    </div>
  );
}

/** What all of some metrics can be asked for by; nothing that names persons. */
export function commonSlices(definitions: Definition[]): string[] {
  const [first, ...others] = definitions;
  if (first === undefined) return [];
  return first.slices.filter((slice) => slice !== "author" && slice !== "review_pair" && others.every(({ slices }) => slices.includes(slice)));
}
