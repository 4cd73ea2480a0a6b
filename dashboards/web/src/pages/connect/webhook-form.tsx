import { useState } from "react";
import { answered, rest } from "../../data/client";
import { useFilter } from "../../data/filter";
import { defined } from "../../data/queries";
import type { Schema } from "../../data/types";
import { useWrite } from "../../data/writes";
import { t } from "../../i18n/t";
import { Badge, Button, CodeBlock, Confirm, LinesField, linesOf, Notice, Table, TextField } from "../../ui";
import type { SentSource } from "./check-form";

type Webhooks = Schema<"Answer_RegisteredWebhooks">["data"];
type Webhook = Schema<"RegisteredWebhook">;

/** The most projects that one request registers a webhook for. */
const PROJECTS_MAX = 20;

/** Registers webhooks at the source, so that events arrive at once. Without them the source is asked every few minutes. */
export function WebhookForm({ sent, address, known, webhooks, onRegistered }: { sent: SentSource; address: string | null; known: string[]; webhooks: Webhooks | undefined; onRegistered: (webhooks: Webhooks) => void }) {
  const { tenant } = useFilter();
  const [base, setBase] = useState("");
  const [names, setNames] = useState(() => (sent.projects?.length ? sent.projects : known.slice(0, PROJECTS_MAX)).join("\n"));
  const [isAsking, setAsking] = useState(false);
  const projects = linesOf(names);
  const register = useWrite(() => {
    const { connector, name, url, account, token } = sent;
    const body = { connector, name, token, projects, ...(url === undefined ? {} : { url }), ...(account === undefined ? {} : { account }), ...(base.trim() === "" ? {} : { address: base.trim() }) };
    return answered(rest.POST("/api/v1/sources/webhooks", { params: { query: defined({ tenant }) }, body }));
  }, /^\/api\/v1\/audit/);
  const confirm = () =>
    register.mutate(undefined, {
      onSuccess: ({ data }) => {
        onRegistered(data);
        setAsking(false);
      },
    });
  const isReady = projects.length > 0 && projects.length <= PROJECTS_MAX && (address !== null || base.trim() !== "");
  return (
    <>
      <p>{t("connect.webhooks_text")}</p>
      <div className="form">
        {address === null ? <TextField label={t("connect.address")} type="url" value={base} onChange={setBase} note={t("connect.address_note")} placeholder="https://sei.example.org" /> : <p className="note">{t("connect.webhook_address", { address })}</p>}
        <LinesField label={t("connect.webhook_projects")} value={names} onChange={setNames} note={t("connect.webhook_projects_note", { n: PROJECTS_MAX })} rows={3} />
        <div className="row">
          <Button kind={webhooks === undefined ? "primary" : "plain"} isDisabled={!isReady} onPress={() => setAsking(true)}>
            {t("connect.register")}
          </Button>
          <span className="note">{t("connect.or_skip")}</span>
        </div>
      </div>
      {webhooks !== undefined && <Registered webhooks={webhooks} />}
      <Confirm title={t("connect.register_title", { n: projects.length })} isOpen={isAsking} onClose={() => setAsking(false)} onConfirm={confirm} confirm={t("connect.register")} isPending={register.isPending} error={register.error}>
        <p>{t("connect.register_text")}</p>
        <ul className="caveats">
          {projects.map((project) => (
            <li key={project}>{project}</li>
          ))}
        </ul>
      </Confirm>
    </>
  );
}

function Registered({ webhooks: { secret, secret_variable, webhooks } }: { webhooks: Webhooks }) {
  return (
    <>
      {secret !== null && secret !== undefined && (
        <>
          <Notice tone="warn">{t("connect.secret_once")}</Notice>
          <CodeBlock title={secret_variable} text={`export ${secret_variable}=${secret}`} isWrapped />
        </>
      )}
      <Table
        title={t("connect.webhooks")}
        canExport={false}
        rows={webhooks}
        rowKey={({ project }) => project}
        columns={[
          { id: "project", head: t("connect.project"), value: ({ project }: Webhook) => project, cell: ({ project }: Webhook) => project },
          { id: "state", head: t("sources.state"), cell: ({ is_new, error }: Webhook) => (error === null || error === undefined ? <Badge tone="good">{t(is_new ? "connect.registered" : "connect.was_there")}</Badge> : <span className="row"><Badge tone="bad">{t("connect.not_registered")}</Badge> {error}</span>) },
        ]}
      />
    </>
  );
}
