import { useState } from "react";
import { answered, rest } from "../../data/client";
import { useFilter } from "../../data/filter";
import { defined } from "../../data/queries";
import { useWrite } from "../../data/writes";
import { t } from "../../i18n/t";
import { LinesField, linesOf, Select, TextField } from "../../ui";
import { MAPPING, type Changed, type MappedTeam, type TeamMapping } from "./mapping-data";
import { MappingDialog } from "./mapping-dialog";

/** States who is in a team, where it plans, and which team it is part of. One of the settings is shown only. */
export function TeamEditor({ team, isNew, teams, onClose, onDone }: { team: MappedTeam; isNew: boolean; teams: string[]; onClose: () => void; onDone: (changed: Changed) => void }) {
  const { tenant } = useFilter();
  const [draft, setDraft] = useState({ name: team.name, parent: team.mapping.parent ?? "", members: (team.mapping.members ?? []).join("\n"), projects: (team.mapping.projects ?? []).join("\n") });
  const name = draft.name.trim();
  const params = { path: { name }, query: defined({ tenant }) };
  const body = { parent: draft.parent === "" ? null : draft.parent, members: linesOf(draft.members), projects: linesOf(draft.projects) };
  const put = useWrite(() => answered(rest.PUT("/api/v1/mapping/teams/{name}", { params, body })), MAPPING);
  const remove = useWrite(() => answered(rest.DELETE("/api/v1/mapping/teams/{name}", { params })), MAPPING);
  const finish = (text: string) => ({
    onSuccess: ({ data: { before } }: { data: { before?: TeamMapping | null } }) => {
      onDone({ what: "team", name, before: before ?? null, text });
      onClose();
    },
  });
  const parents = teams.filter((one) => one !== team.name).map((value) => ({ value, text: value }));
  return (
    <MappingDialog
      title={isNew ? t("mapping.new_team") : team.name}
      isReadOnly={team.in_settings}
      isReady={name !== ""}
      isPending={put.isPending || remove.isPending}
      error={put.error ?? remove.error}
      onClose={onClose}
      onSave={() => put.mutate(undefined, finish(t("mapping.saved", { name })))}
      onRemove={isNew ? undefined : () => remove.mutate(undefined, finish(t("mapping.removed", { name })))}
      removeText={t("mapping.remove_team_text")}
    >
      {isNew && <TextField label={t("mapping.name")} value={draft.name} onChange={(text) => setDraft({ ...draft, name: text })} isRequired maxLength={200} />}
      <Select label={t("mapping.parent")} value={draft.parent} onChange={(parent) => setDraft({ ...draft, parent })} groups={[{ options: [{ value: "", text: t("mapping.no_parent") }, ...parents] }]} />
      <LinesField label={t("mapping.members")} value={draft.members} onChange={(members) => setDraft({ ...draft, members })} note={t("mapping.members_note")} rows={5} placeholder="github.com/asmith" />
      <LinesField label={t("mapping.projects")} value={draft.projects} onChange={(projects) => setDraft({ ...draft, projects })} note={t("mapping.projects_note")} rows={2} placeholder="SHOP" />
    </MappingDialog>
  );
}
