import { useState, type FormEvent } from "react";
import type { Row } from "sei-client";
import { answered, rest } from "../../data/client";
import { useList } from "../../data/queries";
import { useWrite } from "../../data/writes";
import { t } from "../../i18n/t";
import { Badge, Button, Card, Confirm, Dialog, Moment, Notice, Problem, Segments, Skeleton, Table, TextField, type Column } from "../../ui";
import { ReachFields, ReachText, roleText, sentReach, type ReachDraft } from "./reach";

type Grant = Row<"/api/v1/grants">;
const GRANTS = /^\/api\/v1\/(grants|me)/;

/** Roles that were granted to users and groups. */
export function Grants() {
  const { rows, error, refetch, hasNextPage, fetchNextPage } = useList("/api/v1/grants", {} as never, { limit: 200 });
  const [isNew, setNew] = useState(false);
  const [removing, setRemoving] = useState<Grant>();
  const [done, setDone] = useState<string>();
  return (
    <div className="stack">
      {done !== undefined && <Notice tone="good" onClose={() => setDone(undefined)}>{done}</Notice>}
      <Card flush title={t("admin.grants")} note={t("grants.note")} actions={<Button kind="primary" icon="plus" onPress={() => setNew(true)}>{t("grants.new")}</Button>}>
        {error !== null && <Problem error={error} onRetry={() => void refetch()} />}
        {rows === undefined && error === null && <div className="list-skeleton"><Skeleton height={160} /></div>}
        {rows !== undefined && <Table title={t("admin.grants")} columns={columns(setRemoving)} rows={rows} rowKey={({ id }) => id} sort={{ id: "who" }} canExport={false} footer={hasNextPage && <div className="list-foot"><Button onPress={() => void fetchNextPage()}>{t("ui.load_more")}</Button></div>} />}
      </Card>
      {isNew && <NewGrant onClose={() => setNew(false)} onDone={setDone} />}
      <Remove grant={removing} onClose={() => setRemoving(undefined)} onDone={setDone} />
    </div>
  );
}

function whoOf({ user_name, user, group }: Grant): string {
  return user_name ?? user ?? group ?? "";
}

function columns(onRemove: (grant: Grant) => void): Column<Grant>[] {
  return [
    {
      id: "who",
      head: t("grants.who"),
      value: whoOf,
      cell: (grant) => (
        <div className="admin-name">
          <strong>{whoOf(grant)}</strong>
          <span className="note">{t(grant.group === null || grant.group === undefined ? "grants.user" : "grants.group")}</span>
        </div>
      ),
    },
    { id: "role", head: t("admin.role"), value: ({ role }) => role, cell: ({ role }) => <Badge tone={role === "admin" ? "warn" : "info"}>{roleText(role)}</Badge> },
    { id: "tenant", head: t("grants.for"), value: ({ tenant }) => tenant, cell: ({ tenant, teams }) => <div className="admin-name"><span>{tenant ?? t("admin.all_tenants")}</span>{teams.length > 0 && <span className="note">{t("admin.of_teams", { teams: teams.join(", ") })}</span>}</div> },
    { id: "created", head: t("grants.since"), isMinor: true, value: ({ created_at }) => created_at, cell: ({ created_at }) => <Moment at={created_at} /> },
    { id: "remove", head: <span className="visually-hidden">{t("grants.remove")}</span>, cell: (grant) => <Button kind="quiet" onPress={() => onRemove(grant)} aria-label={t("grants.remove_one", { role: roleText(grant.role), who: whoOf(grant) })}>{t("grants.remove")}</Button> },
  ];
}

function NewGrant({ onClose, onDone }: { onClose: () => void; onDone: (text: string) => void }) {
  const users = useList("/api/v1/users", {} as never, { limit: 200 });
  const [kind, setKind] = useState<"user" | "group">("user");
  const [who, setWho] = useState("");
  const [reach, setReach] = useState<ReachDraft>({ role: "viewer", tenant: "", teams: "" });
  const grant = useWrite(() => answered(rest.POST("/api/v1/grants", { body: { [kind]: idOf(), ...sentReach(reach) } as never })), GRANTS);
  const known = users.rows ?? [];
  function idOf(): string {
    return kind === "user" ? (known.find(({ name, login_name }) => name === who.trim() || login_name === who.trim())?.id ?? who.trim()) : who.trim();
  }
  const submit = (event: FormEvent) => {
    event.preventDefault();
    grant.mutate(undefined, {
      onSuccess: () => {
        onDone(t("grants.added", { role: roleText(reach.role), who: who.trim() }));
        onClose();
      },
    });
  };
  return (
    <Dialog title={t("grants.new")} isOpen onClose={onClose}>
      <form className="form" onSubmit={submit}>
        <div className="field">
          <span className="field-label">{t("grants.to")}</span>
          <Segments label={t("grants.to")} value={kind} options={[{ value: "user", text: t("grants.user") }, { value: "group", text: t("grants.group") }]} onChange={setKind} />
        </div>
        {kind === "user" ? (
          <TextField label={t("grants.user")} value={who} onChange={setWho} isRequired suggestions={known.map(({ login_name, name }) => login_name ?? name)} note={t("grants.user_note")} />
        ) : (
          <TextField label={t("grants.group")} value={who} onChange={setWho} isRequired placeholder="sso:engineering" note={t("grants.group_note")} />
        )}
        <ReachFields draft={reach} onChange={setReach} />
        {reach.role === "admin" && <Notice tone="warn">{t("grants.admin_warning")}</Notice>}
        {grant.error !== null && <Problem error={grant.error} title={t("problem.not_done")} />}
        <div className="row">
          <Button kind="primary" type="submit" isDisabled={grant.isPending || who.trim() === ""}>{t("grants.grant")}</Button>
          <Button onPress={onClose}>{t("ui.cancel")}</Button>
        </div>
      </form>
    </Dialog>
  );
}

function Remove({ grant, onClose, onDone }: { grant: Grant | undefined; onClose: () => void; onDone: (text: string) => void }) {
  const remove = useWrite((id: string) => answered(rest.DELETE("/api/v1/grants/{id}", { params: { path: { id } } })), GRANTS);
  if (grant === undefined) return null;
  const close = () => {
    remove.reset();
    onClose();
  };
  const confirm = () =>
    remove.mutate(grant.id, {
      onSuccess: () => {
        onDone(t("grants.removed", { role: roleText(grant.role), who: whoOf(grant) }));
        close();
      },
    });
  return (
    <Confirm title={t("grants.remove_title", { who: whoOf(grant) })} isOpen isDanger onClose={close} onConfirm={confirm} confirm={t("grants.remove")} isPending={remove.isPending} error={remove.error}>
      <p>
        <ReachText reach={grant} />
      </p>
      <p>{t("grants.remove_text")}</p>
    </Confirm>
  );
}
