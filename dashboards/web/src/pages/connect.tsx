import { useSearch } from "@tanstack/react-router";
import { useRights } from "../data/rights";
import { useSetSearch } from "../data/search";
import { t } from "../i18n/t";
import { CodeBlock, Notice, PageHead, Select, Skeleton } from "../ui";
import { CONNECTORS, type Connector } from "./connect/connectors";
import { FirstCollection } from "./connect/first-collection";
import { Guided } from "./connect/guided";
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
      <ol className="steps">
        <Step number={1} title={t("connect.choose")}>
          <div className="form">
            <Select label={t("connect.connector")} value={connector.id} onChange={(id) => setSearch({ connector: id })} groups={groups()} />
            <p className="note">{t(connector.about)}</p>
          </div>
        </Step>
        {connector.isGuided && administersAll ? <Guided key={connector.id} connector={connector.id} /> : <ByHand key={connector.id} connector={connector} isOpenServer={me.principal.kind === "anyone"} />}
      </ol>
    </>
  );
}

function groups() {
  const option = ({ id, title }: Connector) => ({ value: id, text: title });
  return [
    { label: t("connect.guided"), options: CONNECTORS.filter(({ isGuided }) => isGuided).map(option) },
    { label: t("connect.by_settings"), options: CONNECTORS.filter(({ isGuided }) => !isGuided).map(option) },
  ];
}

/** What to write into the settings, where sei does not ask the source itself. */
function ByHand({ connector: { id, isGuided, settings, exports, webhook }, isOpenServer }: { connector: Connector; isOpenServer: boolean }) {
  return (
    <>
      <Step number={2} title={t("connect.paste")}>
        {isGuided && <Notice>{t(isOpenServer ? "connect.open_server" : "connect.not_allowed")}</Notice>}
        <p>{t("connect.paste_text")}</p>
        <CodeBlock title="sei.toml" text={settings} />
        {exports.length > 0 && (
          <>
            <p>{t("connect.export_text")}</p>
            <CodeBlock title={t("connect.shell")} text={exports.map((name) => `export ${name}=…`).join("\n")} />
          </>
        )}
        {webhook && <p className="note">{t("connect.webhook_address", { address: `${location.origin}/webhooks/${id}/main` })}</p>}
      </Step>
      <Step number={3} title={t("connect.reload")}>
        <p>{t("connect.reload_text")}</p>
        <CodeBlock title={t("connect.shell")} text={"sei config check\nsei reload"} />
      </Step>
      <Step number={4} title={t("connect.first")}>
        {webhook && !settings.includes("[source.pull]") ? <p>{t("connect.webhook_only")}</p> : <FirstCollection name={`${id}/main`} isPrefix={id === "git"} />}
      </Step>
    </>
  );
}
