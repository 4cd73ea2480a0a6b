import { useState } from "react";
import { t } from "../../i18n/t";
import { Button, CheckField, CodeBlock, Notice, TextField } from "../../ui";
import type { Connector } from "./connectors";
import { FirstCollection } from "./first-collection";
import { FirstEvent } from "./first-event";
import { newSecret, type Sender, type Sent } from "./senders";
import { secretOf, settingsOf, type SettingsOfSource } from "./settings";
import { Step } from "./step";

/** Address, secret, settings, what to enter at the sender, and its first event. The secret is made in this page and stays in it. */
export function Sending({ connector: { id, title, pull, token }, sender, tenant }: { connector: Connector; sender: Sender; tenant: string | undefined }) {
  const first = sender.name ?? "main";
  const [draft, setDraft] = useState({ base: location.origin, name: first, history: false });
  const [secret, setSecret] = useState(newSecret);
  const base = draft.base.trim().replace(/\/+$/, "") || location.origin;
  const name = draft.name.trim() || first;
  const sent: Sent = { base, name, secret, address: `${base}/webhooks/${id}/${name}` };
  const hasHistory = draft.history && pull.length > 0;
  const source: SettingsOfSource = { connector: id, name, tenant, pull: hasHistory ? pull : [] };
  const variables = [...(hasHistory && token !== undefined ? [`export ${token}=…`] : []), `export ${secretOf(id, name)}=${sender.makesSecret ? "…" : secret}`];
  const isLocal = /^https?:\/\/(localhost|127\.|\[::1\])/.test(base);
  return (
    <>
      <Step number={2} title={t("connect.address_and_secret")} isDone>
        <div className="form">
          <div className="form-fields">
            <TextField label={t("connect.address")} type="url" value={draft.base} onChange={(value) => setDraft({ ...draft, base: value })} note={t("connect.base_note")} />
            <TextField label={t("connect.name")} value={draft.name} onChange={(value) => setDraft({ ...draft, name: value })} note={t("connect.name_note")} />
          </div>
          {isLocal && <Notice tone="warn">{t("connect.local", { title })}</Notice>}
          {sender.makesSecret ? (
            <p>{t("connect.makes_secret", { title })}</p>
          ) : (
            <>
              <p>{t("connect.new_secret_text")}</p>
              <div className="row">
                <Button onPress={() => setSecret(newSecret())}>{t("connect.new_secret")}</Button>
              </div>
            </>
          )}
        </div>
      </Step>
      <Step number={3} title={t(sender.makesSecret ? "connect.enter_first" : "connect.paste")}>
        {sender.makesSecret ? <Entries title={title} sender={sender} sent={sent} /> : <Settings source={source} variables={variables} />}
        {!sender.makesSecret && pull.length > 0 && <CheckField label={t("connect.with_history")} isChecked={draft.history} onChange={(history) => setDraft({ ...draft, history })} />}
      </Step>
      <Step number={4} title={sender.makesSecret ? t("connect.paste") : t("connect.enter", { title })}>
        {sender.makesSecret ? <Settings source={source} variables={variables} /> : <Entries title={title} sender={sender} sent={sent} />}
        {sender.makesSecret && pull.length > 0 && <CheckField label={t("connect.with_history")} isChecked={draft.history} onChange={(history) => setDraft({ ...draft, history })} />}
      </Step>
      <Step number={5} title={t("connect.first_event")}>
        <FirstEvent name={`${id}/${name}`} />
      </Step>
      {hasHistory && (
        <Step number={6} title={t("connect.first")}>
          <FirstCollection name={`${id}/${name}`} />
        </Step>
      )}
    </>
  );
}

function Settings({ source, variables }: { source: SettingsOfSource; variables: string[] }) {
  return (
    <>
      <p>{t("connect.paste_text")}</p>
      <CodeBlock title="sei.toml" text={settingsOf(source)} />
      <p>{t("connect.export_text")}</p>
      <CodeBlock title={t("connect.shell")} text={`${variables.join("\n")}\nsei config check\nsei reload`} isWrapped />
    </>
  );
}

/** What to enter at the sender, in the words that it has there. */
function Entries({ title, sender: { place, entries, example, note }, sent }: { title: string; sender: Sender; sent: Sent }) {
  return (
    <>
      <p>{place === "" ? t("connect.enter_text") : t("connect.enter_at", { title, place })}</p>
      <div className="entries">
        {entries(sent).map(({ label, value }) => (
          <CodeBlock key={label} title={label} text={value} isWrapped />
        ))}
      </div>
      {note !== undefined && <p className="note">{t(note)}</p>}
      {example !== undefined && <CodeBlock title={example.title} text={example.text(sent)} />}
    </>
  );
}
