import { useState } from "react";
import { useFilter } from "../../data/filter";
import { useDefinitions, useMetrics } from "../../data/queries";
import { useTargetWrites, type Bound, type TargetResult } from "../../data/targets";
import type { Definition, Unit } from "../../data/types";
import { t, tOr, type Key } from "../../i18n/t";
import { Button, Dialog, Problem, Segments, Select, TextField, Value } from "../../ui";
import { betterSide, canHaveTarget, DURATIONS, entered, valueOf, type DurationUnit, type Entered } from "./value";

interface TargetDialogProps {
  /** Whose target it is; without it the organization's. */
  team?: string;
  /** The target that is changed, perhaps one that the team inherits. */
  result?: TargetResult;
  /** Metrics that have a target already. */
  taken: string[];
  onClose: () => void;
}

interface Draft extends Entered {
  metric: string;
  bound: Bound;
  note: string;
}

/** Asks what a metric should be. */
export function TargetDialog({ team, result, taken, onClose }: TargetDialogProps) {
  const definitions = useDefinitions();
  const { set, remove } = useTargetWrites(team);
  const free = [...definitions.values()].filter((one) => canHaveTarget(one, team !== undefined) && !taken.includes(one.name));
  const [draft, setDraft] = useState<Draft>(() => begun(result, free));
  const change = (changes: Partial<Draft>) => setDraft((before) => ({ ...before, ...changes }));
  const definition = definitions.get(draft.metric);
  const value = definition === undefined ? undefined : valueOf(draft, definition.unit);
  const isOwn = result !== undefined && (result.agreed_by ?? undefined) === team;
  const isPending = set.isPending || remove.isPending;
  const save = () => value !== undefined && set.mutate({ metric: draft.metric, bound: draft.bound, value, note: draft.note.trim() }, { onSuccess: onClose });
  const footer = (
    <>
      {isOwn && (
        <Button kind="danger" isDisabled={isPending} onPress={() => remove.mutate(draft.metric, { onSuccess: onClose })}>
          {t("target.remove")}
        </Button>
      )}
      <Button onPress={onClose}>{t("ui.cancel")}</Button>
      <Button kind="primary" isDisabled={value === undefined || isPending} onPress={save}>
        {t("ui.save")}
      </Button>
    </>
  );
  const error = set.error ?? remove.error;
  return (
    <Dialog title={team === undefined ? t("target.dialog_all") : t("target.dialog_team", { team })} isOpen onClose={onClose} footer={footer}>
      <div className="form">
        {result === undefined ? (
          <Select label={t("target.metric")} value={draft.metric} groups={groupsOf(free)} onChange={(metric) => change({ metric, bound: sideOf(definitions.get(metric)) })} />
        ) : (
          <p>
            <strong>{result.title}</strong>
          </p>
        )}
        {definition !== undefined && <Now definition={definition} team={team} />}
        <div className="field">
          <span className="field-label">{t("target.bound")}</span>
          <Segments label={t("target.bound")} value={draft.bound} options={(["at_most", "at_least"] as const).map((bound) => ({ value: bound, text: t(`target.side_${bound}`) }))} onChange={(bound) => change({ bound })} />
        </div>
        {definition !== undefined && <ValueFields draft={draft} unit={definition.unit} change={change} />}
        <TextField label={t("target.note")} value={draft.note} onChange={(note) => change({ note })} note={t("target.note_note")} maxLength={500} />
        {error !== null && <Problem error={error} title={t("problem.not_done")} />}
      </div>
    </Dialog>
  );
}

/** The target that is changed, or one for the first metric that has none. */
function begun(result: TargetResult | undefined, free: Definition[]): Draft {
  if (result !== undefined) return { metric: result.metric, bound: result.bound, note: result.note, ...entered(result.target, result.unit) };
  const [first] = free;
  return { metric: first?.name ?? "", bound: sideOf(first), note: "", text: "", duration: "days" };
}

/** The side that is better; of a metric where neither is, work in progress for one, a limit. */
function sideOf(definition: Definition | undefined): Bound {
  return (definition === undefined ? undefined : betterSide(definition)) ?? "at_most";
}

function groupsOf(definitions: Definition[]) {
  return [...new Set(definitions.map(({ group }) => group))].map((group) => ({
    label: tOr(`group.${group}`, group),
    options: definitions.filter((one) => one.group === group).map(({ name, title }) => ({ value: name, text: title })),
  }));
}

function ValueFields({ draft, unit, change }: { draft: Draft; unit: Unit; change: (changes: Partial<Draft>) => void }) {
  const units = Object.keys(DURATIONS) as DurationUnit[];
  return (
    <div className="form-fields">
      <TextField label={t("target.value_of", { unit: t(`target.unit_${unit === "seconds" ? draft.duration : unit}` as Key) })} value={draft.text} onChange={(text) => change({ text })} maxLength={20} isRequired />
      {unit === "seconds" && <Select label={t("target.unit")} value={draft.duration} groups={[{ options: units.map((value) => ({ value, text: t(`target.unit_${value}`) })) }]} onChange={(duration) => change({ duration: duration as DurationUnit })} />}
    </div>
  );
}

/** The value in the window of the page, to choose a target by. Work items are of those who work on them. */
function Now({ definition, team }: { definition: Definition; team: string | undefined }) {
  const filter = useFilter();
  const isOfItems = team !== undefined && definition.group === "planning";
  const answers = useMetrics([definition.name], { filter: { ...filter, team: isOfItems ? undefined : team, service: undefined }, series: false, by: isOfItems ? "author_team" : undefined });
  const [answer] = answers.data?.data ?? [];
  const part = isOfItems ? answer?.slices.find(({ slice }) => slice === team) : answer?.whole;
  const isOther = answer?.metric.name !== definition.name;
  return (
    <p className="note">
      {t("target.now")} {isOther || part === undefined ? "…" : <Value value={part.value} unit={definition.unit} />}
      {!isOther && part !== undefined && `, ${t("chart.n", { n: part.n })}`}
    </p>
  );
}
