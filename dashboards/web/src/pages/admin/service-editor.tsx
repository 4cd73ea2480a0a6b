import { useState } from "react";
import { answered, rest } from "../../data/client";
import { useFilter } from "../../data/filter";
import { defined } from "../../data/queries";
import { useWrite } from "../../data/writes";
import { t } from "../../i18n/t";
import { LinesField, linesOf, Select, TextField } from "../../ui";
import { MAPPING, type Changed, type MappedService, type ServiceMapping } from "./mapping-data";
import { MappingDialog } from "./mapping-dialog";

const FROM = ["deployment", "branch", "pipeline", "cdevents", "release", "tag"] as const;

interface Draft {
  name: string;
  team: string;
  repositories: string;
  paths: string;
  production: string;
  deployments: string;
  deploymentsFrom: string;
  branches: string;
  incidents: string;
}

/** States what belongs to a service. One of the settings is shown only. */
export function ServiceEditor({ service, isNew, teams, onClose, onDone }: { service: MappedService; isNew: boolean; teams: string[]; onClose: () => void; onDone: (changed: Changed) => void }) {
  const { tenant } = useFilter();
  const [draft, setDraft] = useState(() => draftOf(service));
  const name = draft.name.trim();
  const params = { path: { name }, query: defined({ tenant }) };
  const put = useWrite(() => answered(rest.PUT("/api/v1/mapping/services/{name}", { params, body: mappingOf(draft) })), MAPPING);
  const remove = useWrite(() => answered(rest.DELETE("/api/v1/mapping/services/{name}", { params })), MAPPING);
  const finish = (text: string) => ({
    onSuccess: ({ data: { before } }: { data: { before?: ServiceMapping | null } }) => {
      onDone({ what: "service", name, before: before ?? null, text });
      onClose();
    },
  });
  return (
    <MappingDialog
      title={isNew ? t("mapping.new_service") : service.name}
      isReadOnly={service.in_settings}
      isReady={name !== ""}
      isPending={put.isPending || remove.isPending}
      error={put.error ?? remove.error}
      onClose={onClose}
      onSave={() => put.mutate(undefined, finish(t("mapping.saved", { name })))}
      onRemove={isNew ? undefined : () => remove.mutate(undefined, finish(t("mapping.removed", { name })))}
      removeText={t("mapping.remove_service_text")}
    >
      <Fields draft={draft} onChange={(changes) => setDraft({ ...draft, ...changes })} isNew={isNew} teams={teams} />
    </MappingDialog>
  );
}

function Fields({ draft, onChange, isNew, teams }: { draft: Draft; onChange: (changes: Partial<Draft>) => void; isNew: boolean; teams: string[] }) {
  return (
    <>
      {isNew && <TextField label={t("mapping.name")} value={draft.name} onChange={(name) => onChange({ name })} isRequired maxLength={200} />}
      <Select label={t("page.team")} value={draft.team} onChange={(team) => onChange({ team })} groups={[{ options: [{ value: "", text: t("mapping.no_team") }, ...teams.map((value) => ({ value, text: value }))] }]} />
      <LinesField label={t("mapping.its_repositories")} value={draft.repositories} onChange={(repositories) => onChange({ repositories })} note={t("mapping.repositories_field")} rows={2} />
      <LinesField label={t("mapping.paths")} value={draft.paths} onChange={(paths) => onChange({ paths })} note={t("mapping.paths_note")} rows={1} />
      <TextField label={t("mapping.production")} value={draft.production} onChange={(production) => onChange({ production })} note={t("mapping.production_note")} placeholder="^prod" />
      <Select label={t("mapping.deployments_from")} value={draft.deploymentsFrom} onChange={(deploymentsFrom) => onChange({ deploymentsFrom })} groups={[{ options: [{ value: "", text: t("mapping.automatic") }, ...FROM.map((value) => ({ value, text: t(`mapping.from_${value}`) }))] }]} />
      <TextField label={t("mapping.deployments")} value={draft.deployments} onChange={(deployments) => onChange({ deployments })} note={t("mapping.deployments_note")} />
      <LinesField label={t("mapping.branches")} value={draft.branches} onChange={(branches) => onChange({ branches })} note={t("mapping.branches_note")} rows={1} />
      <LinesField label={t("mapping.its_incidents")} value={draft.incidents} onChange={(incidents) => onChange({ incidents })} note={t("mapping.incidents_note")} rows={1} placeholder="pagerduty:PABC123" />
    </>
  );
}

function draftOf({ name, mapping }: MappedService): Draft {
  const lines = (values: string[] | undefined) => (values ?? []).join("\n");
  return {
    name,
    team: mapping.team ?? "",
    repositories: lines(mapping.repositories),
    paths: lines(mapping.paths),
    production: mapping.production ?? "",
    deployments: mapping.deployments ?? "",
    deploymentsFrom: mapping.deployments_from ?? "",
    branches: lines(mapping.branches),
    incidents: lines(mapping.incidents),
  };
}

function mappingOf(draft: Draft): ServiceMapping {
  const text = (value: string) => (value.trim() === "" ? null : value.trim());
  return {
    team: text(draft.team),
    repositories: linesOf(draft.repositories),
    paths: linesOf(draft.paths),
    production: text(draft.production),
    deployments: text(draft.deployments),
    deployments_from: FROM.find((from) => from === draft.deploymentsFrom) ?? null,
    branches: linesOf(draft.branches),
    incidents: linesOf(draft.incidents),
  };
}
