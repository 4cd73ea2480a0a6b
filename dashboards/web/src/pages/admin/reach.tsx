import { useTenants } from "../../data/queries";
import type { Schema } from "../../data/types";
import { t } from "../../i18n/t";
import { Select, TextField } from "../../ui";

export type Role = Schema<"Role">;
export const ROLES = ["viewer", "analyst", "manager", "admin"] as const satisfies readonly Role[];

/** A role, and for what: as forms hold it. An empty tenant stands for all. */
export interface ReachDraft {
  role: Role;
  tenant: string;
  teams: string;
}

/** The same as it is sent. Teams belong to a tenant. */
export function sentReach({ role, tenant, teams }: ReachDraft): { role: Role; tenant?: string; teams: string[] } {
  const named = teams.split(",").flatMap((name) => (name.trim() === "" ? [] : [name.trim()]));
  return tenant === "" ? { role, teams: [] } : { role, tenant, teams: named };
}

/** Fields for a role, a tenant and teams; `roles` are those that may be given. */
export function ReachFields({ draft, onChange, roles = ROLES }: { draft: ReachDraft; onChange: (draft: ReachDraft) => void; roles?: readonly Role[] }) {
  const tenants = useTenants();
  const names = tenants.data?.data.map(({ name }) => name) ?? [];
  return (
    <div className="form-fields">
      <Select label={t("admin.role")} value={draft.role} onChange={(role) => onChange({ ...draft, role: role as Role })} groups={[{ options: roles.map((value) => ({ value, text: t(`role.${value}`) })) }]} />
      <Select
        label={t("shell.tenant")}
        value={draft.tenant}
        onChange={(tenant) => onChange({ ...draft, tenant })}
        groups={[{ options: [{ value: "", text: t("admin.all_tenants") }, ...names.map((value) => ({ value, text: value }))] }]}
      />
      {draft.tenant !== "" && <TextField label={t("admin.only_teams")} value={draft.teams} onChange={(teams) => onChange({ ...draft, teams })} note={t("admin.only_teams_note")} placeholder={t("admin.every_team")} />}
    </div>
  );
}

/** A role and for what it is, in words. */
export function ReachText({ reach: { role, tenant, teams } }: { reach: { role: string; tenant?: string | null; teams: string[] } }) {
  return (
    <span>
      <strong>{roleText(role)}</strong> · {tenant ?? t("admin.all_tenants")}
      {teams.length > 0 && <> · {t("admin.of_teams", { teams: teams.join(", ") })}</>}
    </span>
  );
}

/** The name of a role. */
export function roleText(role: string): string {
  const known = ROLES.find((name) => name === role);
  return known === undefined ? role : t(`role.${known}`);
}
