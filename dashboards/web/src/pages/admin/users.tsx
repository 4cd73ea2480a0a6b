import { useState } from "react";
import type { Row } from "sei-client";
import { answered, rest } from "../../data/client";
import { useFilter } from "../../data/filter";
import { defined, useList } from "../../data/queries";
import { useWrite } from "../../data/writes";
import { t } from "../../i18n/t";
import { Badge, Button, Card, Confirm, Menu, MenuItem, Moment, Notice, Problem, Skeleton, Table, TextField, IconButton, type Column } from "../../ui";
import { Tokens } from "./tokens";

type User = Row<"/api/v1/users">;
type Act = "disable" | "enable" | "link" | "unlink";

/** The users who may log in. */
export function Users() {
  const { rows, error, refetch, hasNextPage, fetchNextPage } = useList("/api/v1/users", {} as never, { limit: 200 });
  const [acting, setActing] = useState<{ user: User; act: Act }>();
  const [done, setDone] = useState<string>();
  return (
    <div className="stack">
      {done !== undefined && <Notice tone="good" onClose={() => setDone(undefined)}>{done}</Notice>}
      <Card flush title={t("admin.users")} note={t("users.note")}>
        {error !== null && <Problem error={error} onRetry={() => void refetch()} />}
        {rows === undefined && error === null && <div className="list-skeleton"><Skeleton height={160} /></div>}
        {rows !== undefined && <Table title={t("admin.users")} columns={columns((user, act) => setActing({ user, act }))} rows={rows} rowKey={({ id }) => id} sort={{ id: "name" }} footer={hasNextPage && <div className="list-foot"><Button onPress={() => void fetchNextPage()}>{t("ui.load_more")}</Button></div>} />}
      </Card>
      {acting !== undefined && <UserDialog key={`${acting.user.id} ${acting.act}`} user={acting.user} act={acting.act} onClose={() => setActing(undefined)} onDone={setDone} />}
    </div>
  );
}

function columns(onAct: (user: User, act: Act) => void): Column<User>[] {
  return [
    {
      id: "name",
      head: t("users.user"),
      value: ({ name }) => name,
      cell: ({ name, email, email_verified, login_name }) => (
        <div className="admin-name">
          <strong>{name}</strong>
          <span className="note">
            {email ?? login_name ?? t("users.no_password")} {email !== null && email !== undefined && !email_verified && <Badge tone="warn">{t("users.not_verified")}</Badge>}
          </span>
        </div>
      ),
    },
    { id: "groups", head: t("users.groups"), isMinor: true, value: ({ groups }) => groups.join(" "), cell: ({ groups }) => (groups.length === 0 ? <span className="note">{t("users.no_groups")}</span> : <div className="accounts">{groups.map((group) => <span key={group}>{group}</span>)}</div>) },
    { id: "created", head: t("admin.created"), isMinor: true, value: ({ created_at }) => created_at, cell: ({ created_at }) => <Moment at={created_at} /> },
    { id: "state", head: t("sources.state"), value: ({ disabled_at }) => disabled_at ?? "", cell: ({ disabled_at }) => (disabled_at === null || disabled_at === undefined ? <Badge tone="good">{t("users.active")}</Badge> : <span className="row"><Badge tone="bad">{t("users.disabled")}</Badge> <Moment at={disabled_at} /></span>) },
    {
      id: "more",
      head: <span className="visually-hidden">{t("ui.more")}</span>,
      cell: (user) => (
        <Menu label={t("users.more_of", { name: user.name })} trigger={<IconButton icon="more" label={t("users.more_of", { name: user.name })} />}>
          <MenuItem onAction={() => onAct(user, "link")}>{t("users.link")}</MenuItem>
          <MenuItem onAction={() => onAct(user, "unlink")}>{t("users.unlink")}</MenuItem>
          {user.disabled_at === null || user.disabled_at === undefined ? <MenuItem onAction={() => onAct(user, "disable")}>{t("users.disable")}</MenuItem> : <MenuItem onAction={() => onAct(user, "enable")}>{t("users.enable")}</MenuItem>}
        </Menu>
      ),
    },
  ];
}

const TITLES = { disable: "users.disable_title", enable: "users.enable_title", link: "users.link_title", unlink: "users.unlink_title" } as const;
const TEXTS = { disable: "users.disable_text", enable: "users.enable_text", link: "users.link_text", unlink: "users.unlink_text" } as const;
const VERBS = { disable: "users.disable", enable: "users.enable", link: "users.link", unlink: "users.unlink" } as const;
const DONE = { disable: "users.disable_done", enable: "users.enable_done", link: "users.link_done", unlink: "users.unlink_done" } as const;

function UserDialog({ user: { id, name }, act, onClose, onDone }: { user: User; act: Act; onClose: () => void; onDone: (text: string) => void }) {
  const { tenant } = useFilter();
  const [account, setAccount] = useState("");
  const params = { path: { id }, query: defined({ tenant }) };
  const send: Record<Act, () => Promise<unknown>> = {
    disable: () => answered(rest.POST("/api/v1/users/{id}/disable", { params: { path: { id } } })),
    enable: () => answered(rest.POST("/api/v1/users/{id}/enable", { params: { path: { id } } })),
    link: () => answered(rest.PUT("/api/v1/users/{id}/person", { params, body: { account: account.trim() } })),
    unlink: () => answered(rest.DELETE("/api/v1/users/{id}/person", { params })),
  };
  const change = useWrite(() => send[act](), /^\/api\/v1\/(users|tokens|me)/);
  const confirm = () =>
    change.mutate(undefined, {
      onSuccess: () => {
        onDone(t(DONE[act], { name }));
        onClose();
      },
    });
  return (
    <Confirm title={t(TITLES[act], { name })} isOpen isDanger={act === "disable"} onClose={onClose} onConfirm={confirm} confirm={t(VERBS[act])} isPending={change.isPending} isDisabled={act === "link" && account.trim() === ""} error={change.error}>
      <p>{t(TEXTS[act])}</p>
      {act === "link" && <TextField label={t("users.account")} value={account} onChange={setAccount} placeholder="github.com/asmith" note={t("users.account_note")} isRequired />}
    </Confirm>
  );
}

/** The API tokens of all users. */
export function AllTokens() {
  const names = useUserNames();
  return <Tokens names={names} canCreate={false} />;
}

/** The names of users by their ids. */
export function useUserNames(): Map<string, string> {
  const { rows = [] } = useList("/api/v1/users", {} as never, { limit: 200 });
  return new Map(rows.map(({ id, name }) => [id, name]));
}
