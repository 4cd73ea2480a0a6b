import { useState } from "react";
import { logOut } from "../app/logout";
import { useRights } from "../data/rights";
import type { Me } from "../data/types";
import { t } from "../i18n/t";
import { Button, Card, Empty, PageHead, Problem, Sentence, Skeleton } from "../ui";
import { ReachText, roleText } from "./admin/reach";
import { Tokens } from "./admin/tokens";
import "./admin/admin.css";
import "./lists/lists.css";

/** Who asks: what was granted, who that is among the people, and the tokens of one's own. */
export function AccountPage() {
  const { me, isUser } = useRights();
  const [error, setError] = useState<unknown>();
  if (me === undefined) return <Skeleton height={300} />;
  const leave = () => {
    logOut().catch((problem: unknown) => setError(problem));
  };
  return (
    <>
      <PageHead title={t("page.account")} note={t("account.note")} actions={isUser && <Button onPress={leave}>{t("shell.logout")}</Button>} />
      {error !== undefined && <Problem error={error} title={t("problem.not_done")} />}
      <div className="grid account-cards">
        <Card title={t("account.who")}>
          <Who me={me} />
        </Card>
        <Card title={t("account.may")}>
          <Grants me={me} />
        </Card>
        <Card title={t("account.person")}>
          <Person me={me} />
        </Card>
      </div>
      {isUser ? <Tokens owner={me.principal.id} canCreate={me.grants.length > 0} /> : <Card title={t("tokens.mine")}><Empty icon="link" title={t("account.no_tokens")}>{t("account.no_tokens_text")}</Empty></Card>}
    </>
  );
}

const KINDS = { local: "account.kind_local", anyone: "account.kind_anyone", user: "account.kind_user", token: "account.kind_token", jwt: "account.kind_jwt" } as const;

function Who({ me: { principal } }: { me: Me }) {
  return (
    <dl className="facts">
      <dt>{t("account.name")}</dt>
      <dd>{principal.name}</dd>
      <dt>{t("account.known_by")}</dt>
      <dd>{t(KINDS[principal.kind])}</dd>
      <dt>{t("sources.id")}</dt>
      <dd>
        <code>{principal.id}</code>
      </dd>
    </dl>
  );
}

function Grants({ me: { grants, tenant } }: { me: Me }) {
  return (
    <dl className="facts">
      <dt>{t("account.granted")}</dt>
      {grants.length === 0 && <dd>{t("account.nothing")}</dd>}
      {grants.map((reach) => (
        <dd key={`${reach.role} ${reach.tenant ?? ""} ${reach.teams.join()}`}>
          <ReachText reach={reach} />
        </dd>
      ))}
      {tenant !== null && tenant !== undefined && (
        <>
          <dt>{t("account.here", { tenant: tenant.name })}</dt>
          <dd>{roleText(tenant.role)}</dd>
          <dd className="note">{tenant.teams === null || tenant.teams === undefined ? t("account.all_teams") : t("admin.of_teams", { teams: tenant.teams.join(", ") })}</dd>
        </>
      )}
    </dl>
  );
}

function Person({ me: { tenant } }: { me: Me }) {
  const person = tenant?.person;
  if (person === null || person === undefined) return <p className="note"><Sentence text={tenant?.people_hidden_because ?? t("account.no_person")} /></p>;
  return (
    <dl className="facts">
      <dt>{t("account.name")}</dt>
      <dd>{person.name}</dd>
      <dt>{t("account.accounts")}</dt>
      {person.accounts.map((account) => (
        <dd key={account}>
          <code>{account}</code>
        </dd>
      ))}
      {person.teams.length > 0 && (
        <>
          <dt>{t("page.teams")}</dt>
          <dd>{person.teams.join(", ")}</dd>
        </>
      )}
    </dl>
  );
}
