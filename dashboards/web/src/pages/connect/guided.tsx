import { useState } from "react";
import type { Schema } from "../../data/types";
import { t } from "../../i18n/t";
import { CodeBlock, Notice } from "../../ui";
import { CheckForm, type SentSource } from "./check-form";
import type { Connector } from "./connectors";
import { FirstCollection } from "./first-collection";
import { RightList } from "./right-list";
import { Step } from "./step";
import { WebhookForm } from "./webhook-form";

type Check = Schema<"Answer_SourceCheck">["data"];
type Webhooks = Schema<"Answer_RegisteredWebhooks">["data"];

/** Token, rights, webhooks, settings and first collection of a source that sei can ask itself. The token stays in this page. */
export function Guided({ connector }: { connector: Connector }) {
  const [sent, setSent] = useState<SentSource>();
  const [check, setCheck] = useState<Check>();
  const [webhooks, setWebhooks] = useState<Webhooks>();
  const name = sent?.name ?? "main";
  const isReady = check?.is_sufficient === true;
  return (
    <>
      <Step number={2} title={t("connect.token")} isDone={isReady}>
        <CheckForm
          connector={connector}
          projects={check?.projects ?? []}
          hasMore={check?.has_more_projects ?? false}
          onChecked={(source, answer) => {
            setSent(source);
            setCheck(answer);
            setWebhooks(undefined);
          }}
        />
      </Step>
      <Step number={3} title={t("connect.rights")} isDone={isReady} isWaiting={check === undefined}>
        {check !== undefined && <RightList check={check} />}
      </Step>
      <Step number={4} title={t("connect.webhooks")} isDone={webhooks !== undefined && webhooks.webhooks.every(({ error }) => error === null)} isWaiting={!isReady}>
        {check !== undefined && sent !== undefined && <WebhookForm sent={sent} address={check.webhook_address ?? null} known={check.projects} webhooks={webhooks} onRegistered={setWebhooks} />}
      </Step>
      <Step number={5} title={t("connect.paste")} isWaiting={!isReady}>
        {check !== undefined && <Settings check={check} webhooks={webhooks} />}
      </Step>
      <Step number={6} title={t("connect.first")} isWaiting={!isReady}>
        <FirstCollection name={`${connector.id}/${name}`} />
      </Step>
    </>
  );
}

function Settings({ check, webhooks }: { check: Check; webhooks: Webhooks | undefined }) {
  const settings = webhooks?.settings ?? check.settings;
  const variables = [...settings.matchAll(/env = "(\w+)"/g)].flatMap(([, name]) => name ?? []);
  return (
    <>
      <p>{t("connect.paste_text")}</p>
      <CodeBlock title="sei.toml" text={settings} />
      <p>{t("connect.export_text")}</p>
      <CodeBlock title={t("connect.shell")} text={`${variables.map((name) => `export ${name}=…`).join("\n")}\nsei config check\nsei reload`} />
      {settings.includes("[source.webhook]") && webhooks === undefined && <Notice>{t("connect.own_secret")}</Notice>}
    </>
  );
}
