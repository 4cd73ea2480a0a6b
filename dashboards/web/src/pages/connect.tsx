import { Link, useSearch } from "@tanstack/react-router";
import { useFilter } from "../data/filter";
import { useTenants } from "../data/queries";
import { useRights } from "../data/rights";
import { useSetSearch } from "../data/search";
import { t } from "../i18n/t";
import { CodeBlock, Notice, PageHead, Select, Skeleton } from "../ui";
import { CONNECTORS, type Connector } from "./connect/connectors";
import { FirstCollection } from "./connect/first-collection";
import { Guided } from "./connect/guided";
import { SENDERS } from "./connect/senders";
import { Sending } from "./connect/sending";
import { secretOf, settingsOf } from "./connect/settings";
import { Step } from "./connect/step";
import "./connect/connect.css";
import "./lists/lists.css";
import "./sources/sources.css";

export function ConnectPage() {
  const { me, administersAll } = useRights();
  const { connector: chosen = "github" } = useSearch({ from: "/sources/connect" });
  const setSearch = useSetSearch();
  const connector = CONNECTORS.find(({ id }) => id === chosen) ?? CONNECTORS[0];
  if (connector === undefined || me === undefined) return <Skeleton height={300} />;
  return (
    <>
      <PageHead title={t("page.connect")} note={t("connect.note")} />
      <IntoTheDemo connector={connector.id} />
      <ol className="steps">
        <Step number={1} title={t("connect.choose")}>
          <div className="form">
            <Select label={t("connect.connector")} value={connector.id} onChange={(id) => setSearch({ connector: id })} groups={groups()} />
            <p className="note">{t(connector.about)}</p>
          </div>
        </Step>
        <Steps key={connector.id} connector={connector} mayAsk={administersAll} isOpenServer={me.principal.kind === "anyone"} />
      </ol>
    </>
  );
}

/** How it is connected: the server asks the source, or the source sends, or the settings do it alone. */
function Steps({ connector, mayAsk, isOpenServer }: { connector: Connector; mayAsk: boolean; isOpenServer: boolean }) {
  const { tenant } = useFilter();
  const named = useTenants().data?.tenant ?? tenant;
  const sender = SENDERS[connector.id];
  if (sender !== undefined) return <Sending connector={connector} sender={sender} tenant={named} />;
  if (mayAsk) return <Guided connector={connector} />;
  return <ByHand connector={connector} tenant={named} isOpenServer={isOpenServer} />;
}

/** In the demo: where one's own data belongs. */
function IntoTheDemo({ connector }: { connector: string }) {
  const { data } = useTenants();
  const own = data?.data.find(({ demo }) => !demo);
  if (data === undefined || !data.demo || own === undefined) return null;
  const search = { connector, tenant: own.name, team: undefined, service: undefined, environment: undefined };
  return (
    <Notice tone="warn" action={<Link to="/sources/connect" search={search}>{t("connect.not_into_demo", { tenant: own.name })}</Link>}>
      {t("connect.into_demo")}
    </Notice>
  );
}

function groups() {
  const option = ({ id, title }: Connector) => ({ value: id, text: title });
  return [
    { label: t("connect.guided"), options: CONNECTORS.filter(({ isGuided }) => isGuided).map(option) },
    { label: t("connect.by_sending"), options: CONNECTORS.filter(({ isGuided }) => !isGuided).map(option) },
  ];
}

/** What to write into the settings, where sei does not ask the source itself. */
function ByHand({ connector: { id, pull, token }, tenant, isOpenServer }: { connector: Connector; tenant: string | undefined; isOpenServer: boolean }) {
  const variables = [...(token === undefined ? [] : [token]), secretOf(id, "main")];
  return (
    <>
      <Step number={2} title={t("connect.paste")}>
        <Notice>{t(isOpenServer ? "connect.open_server" : "connect.not_allowed")}</Notice>
        <p>{t("connect.paste_text")}</p>
        <CodeBlock title="sei.toml" text={settingsOf({ connector: id, name: "main", tenant, pull })} />
        <p>{t("connect.export_text")}</p>
        <CodeBlock title={t("connect.shell")} text={variables.map((name) => `export ${name}=…`).join("\n")} />
        <p className="note">{t("connect.webhook_address", { address: `${location.origin}/webhooks/${id}/main` })}</p>
      </Step>
      <Step number={3} title={t("connect.reload")}>
        <p>{t("connect.reload_text")}</p>
        <CodeBlock title={t("connect.shell")} text={"sei config check\nsei reload"} />
      </Step>
      <Step number={4} title={t("connect.first")}>
        <FirstCollection name={`${id}/main`} />
      </Step>
    </>
  );
}
