import { useState, type FormEvent } from "react";
import { answered, rest } from "../../data/client";
import { useRights } from "../../data/rights";
import type { Schema } from "../../data/types";
import { useWrite } from "../../data/writes";
import { formatDay } from "../../format/time";
import { t } from "../../i18n/t";
import { Button, Dialog, Problem, Select, Segments, TextField } from "../../ui";
import { ReachFields, ROLES, sentReach, type ReachDraft } from "./reach";

export type CreatedToken = Schema<"CreatedTokenView">;

const DAYS = ["7", "30", "90", "180", "365"] as const;
const DAY_MS = 86_400_000;

interface Draft {
  name: string;
  scope: "read" | "write";
  days: string;
  reach: ReachDraft;
}

/** A form that makes a token of one's own. */
export function NewToken({ onClose, onCreated }: { onClose: () => void; onCreated: (created: CreatedToken) => void }) {
  const { me } = useRights();
  // the highest role of one's own at most: more would give nothing
  const highest = Math.max(0, ...(me?.grants ?? []).map(({ role }) => ROLES.indexOf(role)));
  const [draft, setDraft] = useState<Draft>({ name: "", scope: "read", days: "90", reach: { role: "viewer", tenant: "", teams: "" } });
  const create = useWrite(
    ({ name, scope, days, reach }: Draft) => answered(rest.POST("/api/v1/tokens", { body: { name, scope, expires_in_days: Number(days), ...sentReach(reach) } as never })),
    /^\/api\/v1\/tokens/,
  );
  const submit = (event: FormEvent) => {
    event.preventDefault();
    create.mutate(draft, {
      onSuccess: (created) => {
        onCreated(created);
        onClose();
      },
    });
  };
  return (
    <Dialog title={t("tokens.new")} isOpen onClose={onClose}>
      <form className="form" onSubmit={submit}>
        <TextField label={t("tokens.what_for")} value={draft.name} onChange={(name) => setDraft({ ...draft, name })} isRequired maxLength={200} placeholder={t("tokens.what_for_example")} />
        <div className="field">
          <span className="field-label">{t("tokens.scope")}</span>
          <Segments label={t("tokens.scope")} value={draft.scope} options={[{ value: "read", text: t("tokens.scope_read") }, { value: "write", text: t("tokens.scope_write") }]} onChange={(scope) => setDraft({ ...draft, scope })} />
        </div>
        <ReachFields draft={draft.reach} onChange={(reach) => setDraft({ ...draft, reach })} roles={ROLES.slice(0, highest + 1)} />
        <Select
          label={t("tokens.ends")}
          value={draft.days}
          onChange={(days) => setDraft({ ...draft, days })}
          groups={[{ options: DAYS.map((value) => ({ value, text: t("tokens.after_days", { n: Number(value), day: formatDay(Date.now() + Number(value) * DAY_MS) }) })) }]}
        />
        <p className="note">{t("tokens.limits")}</p>
        {create.error !== null && <Problem error={create.error} title={t("problem.not_done")} />}
        <div className="row">
          <Button kind="primary" type="submit" isDisabled={create.isPending || draft.name.trim() === ""}>
            {t("tokens.make")}
          </Button>
          <Button onPress={onClose}>{t("ui.cancel")}</Button>
        </div>
      </form>
    </Dialog>
  );
}
