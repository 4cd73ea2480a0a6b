import { useState, type FormEvent } from "react";
import { answered, rest } from "../../data/client";
import { useFilter } from "../../data/filter";
import { defined } from "../../data/queries";
import type { Schema } from "../../data/types";
import { useWrite } from "../../data/writes";
import { t, tOr } from "../../i18n/t";
import { Button, CheckField, ExternalLink, LinesField, linesOf, Problem, TextField } from "../../ui";
import type { Connector } from "./connectors";

export type SentSource = Schema<"SentSource">;
type Check = Schema<"Answer_SourceCheck">["data"];

/** Where a token is made. */
const TOKENS: Record<string, string> = { github: "https://github.com/settings/personal-access-tokens", gitlab: "https://gitlab.com/-/user_settings/personal_access_tokens", jira: "https://id.atlassian.com/manage-profile/security/api-tokens" };
/** The most projects that one question names. */
const PROJECTS_MAX = 20;

interface Draft {
  name: string;
  url: string;
  account: string;
  token: string;
  projects: string;
}

/** Asks for address, token and projects of a source, and has the source asked about them. */
export function CheckForm({ connector: { id, account, needsUrl, project }, projects, hasMore, onChecked }: { connector: Connector; projects: string[]; hasMore: boolean; onChecked: (source: SentSource, check: Check) => void }) {
  const { tenant } = useFilter();
  const [draft, setDraft] = useState<Draft>({ name: "main", url: "", account: "", token: "", projects: "" });
  const check = useWrite((body: SentSource) => answered(rest.POST("/api/v1/sources/check", { params: { query: defined({ tenant }) }, body })), /^\/api\/v1\/audit/);
  const chosen = linesOf(draft.projects);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const given = (key: "url" | "account") => (draft[key].trim() === "" ? {} : { [key]: draft[key].trim() });
    const source: SentSource = { connector: id, name: draft.name.trim() || "main", token: draft.token.trim(), projects: chosen, ...given("url"), ...given("account") };
    check.mutate(source, { onSuccess: ({ data }) => onChecked(source, data) });
  };
  return (
    <form className="form" onSubmit={submit}>
      <p>
        {tOr(`connect.${id}_token`, "")} <ExternalLink to={draft.url === "" || draft.url.includes(".atlassian.net") ? TOKENS[id] : draft.url}>{t("connect.make_token")}</ExternalLink>
      </p>
      <div className="form-fields">
        {needsUrl && <Address id={id} value={draft.url} onChange={(url) => setDraft({ ...draft, url })} isRequired />}
        {account !== undefined && <TextField label={t("connect.account")} value={draft.account} onChange={(value) => setDraft({ ...draft, account: value })} note={t(account)} placeholder="ann@example.org" />}
        <TextField label={t("connect.token_field")} type="password" value={draft.token} onChange={(token) => setDraft({ ...draft, token })} note={t("connect.token_note")} isRequired />
        {!needsUrl && <Address id={id} value={draft.url} onChange={(url) => setDraft({ ...draft, url })} />}
        <TextField label={t("connect.name")} value={draft.name} onChange={(name) => setDraft({ ...draft, name })} note={t("connect.name_note")} />
      </div>
      <LinesField label={t("connect.projects")} value={draft.projects} onChange={(text) => setDraft({ ...draft, projects: text })} note={t("connect.projects_note")} placeholder={project} rows={2} />
      {projects.length > 0 && <Seen projects={projects} hasMore={hasMore} chosen={chosen} onChange={(names) => setDraft({ ...draft, projects: names.join("\n") })} />}
      {check.error !== null && <Problem error={check.error} title={t("connect.check_failed")} />}
      <div className="row">
        <Button kind="primary" type="submit" isDisabled={check.isPending || draft.token.trim() === "" || (needsUrl && draft.url.trim() === "") || chosen.length > PROJECTS_MAX}>
          {t(check.isPending ? "connect.checking" : "connect.check")}
        </Button>
        {chosen.length > PROJECTS_MAX && <span className="list-failed">{t("connect.too_many", { n: PROJECTS_MAX })}</span>}
      </div>
    </form>
  );
}

/** Where the source is: of one without a public service needed, else empty for that. */
function Address({ id, value, onChange, isRequired = false }: { id: string; value: string; onChange: (url: string) => void; isRequired?: boolean }) {
  const placeholder = isRequired ? "https://you.atlassian.net" : `https://${id}.example.org`;
  return <TextField label={t(isRequired ? "connect.needed_url" : "connect.url")} type="url" value={value} onChange={onChange} note={isRequired ? t("connect.needed_url_note") : t("connect.url_note")} placeholder={placeholder} isRequired={isRequired} />;
}

/** The projects that the token sees, to choose some of them. */
function Seen({ projects, hasMore, chosen, onChange }: { projects: string[]; hasMore: boolean; chosen: string[]; onChange: (projects: string[]) => void }) {
  return (
    <fieldset className="projects">
      <legend className="field-label">
        {t("connect.seen", { n: projects.length })} {hasMore && t("connect.seen_more")}
      </legend>
      {projects.map((project) => (
        <CheckField key={project} label={project} isChecked={chosen.includes(project)} onChange={(is) => onChange(is ? [...chosen, project] : chosen.filter((one) => one !== project))} />
      ))}
    </fieldset>
  );
}
