import { useState } from "react";
import type { Row } from "sei-client";
import { answered, rest } from "../../data/client";
import { useList } from "../../data/queries";
import { useWrite } from "../../data/writes";
import { t } from "../../i18n/t";
import { Badge, Button, Card, Confirm, Empty, Moment, Notice, Problem, Skeleton, Table, type Column } from "../../ui";
import { NewToken, type CreatedToken } from "./new-token";
import { ReachText } from "./reach";
import { ShownOnce } from "./shown-once";

export type Token = Row<"/api/v1/tokens">;
const TOKENS = /^\/api\/v1\/tokens/;

/** API tokens: those of one user, or of all. `canCreate` for one's own. */
export function Tokens({ owner, names, canCreate }: { owner?: string; names?: Map<string, string>; canCreate: boolean }) {
  const list = useList("/api/v1/tokens", {} as never, { limit: 200 });
  const [isNew, setNew] = useState(false);
  const [created, setCreated] = useState<CreatedToken>();
  const [revoking, setRevoking] = useState<Token>();
  const [revoked, setRevoked] = useState<string>();
  const { rows, error, refetch, hasNextPage, fetchNextPage } = list;
  const shown = rows?.filter((token) => owner === undefined || token.owner === owner);
  const button = canCreate && (
    <Button kind="primary" icon="plus" onPress={() => setNew(true)}>
      {t("tokens.new")}
    </Button>
  );
  return (
    <div className="stack">
      {created !== undefined && <ShownOnce title={t("tokens.made", { name: created.token.name })} label={t("tokens.secret")} text={created.secret} note={t("tokens.secret_note")} onClose={() => setCreated(undefined)} />}
      {revoked !== undefined && <Notice tone="good" onClose={() => setRevoked(undefined)}>{t("tokens.revoked_done", { name: revoked })}</Notice>}
      <Card title={t(owner === undefined ? "tokens.all" : "tokens.mine")} note={t("tokens.note")} actions={button} flush={shown !== undefined && shown.length > 0}>
        {error !== null && <Problem error={error} onRetry={() => void refetch()} />}
        {shown === undefined && error === null && <Skeleton height={120} />}
        {shown?.length === 0 && <Empty icon="link" title={t("tokens.none")}>{t("tokens.none_text")}</Empty>}
        {shown !== undefined && shown.length > 0 && <Table title={t("tokens.mine")} columns={columns(names, setRevoking)} rows={shown} rowKey={({ id }) => id} sort={{ id: "created", desc: true }} canExport={false} />}
        {hasNextPage && <div className="list-foot"><Button onPress={() => void fetchNextPage()}>{t("ui.load_more")}</Button></div>}
      </Card>
      {isNew && <NewToken onClose={() => setNew(false)} onCreated={setCreated} />}
      <Revoke token={revoking} onClose={() => setRevoking(undefined)} onDone={setRevoked} />
    </div>
  );
}

function columns(names: Map<string, string> | undefined, onRevoke: (token: Token) => void): Column<Token>[] {
  const owner: Column<Token> = { id: "owner", head: t("tokens.owner"), value: ({ owner: id }) => id, cell: ({ owner: id }) => (id === null || id === undefined ? <span className="note">{t("tokens.no_owner")}</span> : (names?.get(id) ?? id)) };
  return [
    {
      id: "name",
      head: t("tokens.name"),
      value: ({ name }) => name,
      cell: (token) => (
        <div className="admin-name">
          <strong>{token.name}</strong>
          <span className="note">
            <ReachText reach={token} />
          </span>
        </div>
      ),
    },
    ...(names === undefined ? [] : [owner]),
    { id: "scope", head: t("tokens.scope"), value: ({ scope }) => scope, cell: ({ scope }) => t(scope === "read" ? "tokens.scope_read" : "tokens.scope_write") },
    { id: "created", head: t("admin.created"), isMinor: true, value: ({ created_at }) => created_at, cell: ({ created_at }) => <Moment at={created_at} /> },
    { id: "used", head: t("tokens.used"), isMinor: true, value: ({ last_used_at }) => last_used_at, cell: ({ last_used_at }) => (last_used_at === null || last_used_at === undefined ? <span className="note">{t("sources.never")}</span> : <Moment at={last_used_at} />) },
    { id: "state", head: t("tokens.ends"), value: ({ expires_at }) => expires_at, cell: (token) => <Ends token={token} /> },
    {
      id: "revoke",
      head: <span className="visually-hidden">{t("tokens.revoke")}</span>,
      cell: (token) =>
        !isOver(token) && (
          <Button kind="quiet" onPress={() => onRevoke(token)} aria-label={t("tokens.revoke_one", { name: token.name })}>
            {t("tokens.revoke")}
          </Button>
        ),
    },
  ];
}

function isOver({ revoked_at, expires_at }: Token): boolean {
  return (revoked_at !== null && revoked_at !== undefined) || (expires_at !== null && expires_at !== undefined && new Date(expires_at).getTime() < Date.now());
}

function Ends({ token }: { token: Token }) {
  const { revoked_at, expires_at } = token;
  if (revoked_at !== null && revoked_at !== undefined) return <span className="row"><Badge tone="bad">{t("tokens.revoked")}</Badge> <Moment at={revoked_at} /></span>;
  if (expires_at === null || expires_at === undefined) return <Badge tone="warn">{t("tokens.no_end")}</Badge>;
  return <span className="row">{isOver(token) && <Badge>{t("tokens.ended")}</Badge>} <Moment at={expires_at} /></span>;
}

function Revoke({ token, onClose, onDone }: { token: Token | undefined; onClose: () => void; onDone: (name: string) => void }) {
  const revoke = useWrite((id: string) => answered(rest.DELETE("/api/v1/tokens/{id}", { params: { path: { id } } })), TOKENS);
  if (token === undefined) return null;
  const close = () => {
    revoke.reset();
    onClose();
  };
  const confirm = () =>
    revoke.mutate(token.id, {
      onSuccess: () => {
        onDone(token.name);
        close();
      },
    });
  return (
    <Confirm title={t("tokens.revoke_title", { name: token.name })} isOpen isDanger onClose={close} onConfirm={confirm} confirm={t("tokens.revoke")} isPending={revoke.isPending} error={revoke.error}>
      <p>{t("tokens.revoke_text")}</p>
    </Confirm>
  );
}
