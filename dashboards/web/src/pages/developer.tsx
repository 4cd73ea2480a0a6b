import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import type { FormEvent, MouseEvent, ReactNode } from "react";
import { useOwnWork, type OwnWork } from "../data/own-work";
import { defined, useList, useRest } from "../data/queries";
import { formatNumber } from "../format/value";
import { t, tr, type Key } from "../i18n/t";
import { Button, Card, Empty, Icon, Loaded, PageHead, Sentence, Skeleton, type IconName } from "../ui";
import { Deployed, Items, OpenChanges, RedRuns, Shipping, Waiting } from "./developer/lists";
import "./developer.css";

/** Someone's own work: what waits, what is on its way, what is broken. It is never compared with that of others. */
export function DeveloperPage() {
  const { person } = useSearch({ from: "/developer" });
  const work = useOwnWork(person);
  const data = work.data?.data;
  const names = data === undefined || data.why !== null ? " " : [data.person, data.accounts.join(", ")].filter(Boolean).join(" · ");
  return (
    <>
      <PageHead title={t("page.developer")} note={names} />
      <Loaded query={work} skeleton={<WorkSkeleton />}>
        {({ data: own }) => (own.why === null ? <Work work={own} /> : <NoPerson why={own.why} tenant={work.data?.tenant} isDemo={work.data?.demo === true} />)}
      </Loaded>
    </>
  );
}

interface Part {
  id: "waiting_on_me" | "waiting_on_others" | "shipping" | "red" | "items" | "reviewable" | "deployed";
  icon: IconName;
  count: number;
  list: ReactNode;
}

/** The parts in their columns, which follow each other where there is room for one. */
const COLUMNS: Part["id"][][] = [["waiting_on_me", "red", "shipping"], ["waiting_on_others", "items", "reviewable"], ["deployed"]];

function partsOf(work: OwnWork): Part[] {
  return [
    { id: "waiting_on_me", icon: "person", count: work.waiting_on_me.length, list: <Waiting rows={work.waiting_on_me} /> },
    { id: "waiting_on_others", icon: "clock", count: work.waiting_on_others.length, list: <OpenChanges title={t("developer.waiting_on_others")} rows={work.waiting_on_others} /> },
    { id: "shipping", icon: "deployment", count: work.shipping.length, list: <Shipping rows={work.shipping} /> },
    { id: "red", icon: "warning", count: work.red_runs.length, list: <RedRuns rows={work.red_runs} /> },
    { id: "items", icon: "product", count: work.items.length, list: <Items rows={work.items} /> },
    { id: "reviewable", icon: "teams", count: work.reviewable.length, list: <OpenChanges title={t("developer.reviewable")} rows={work.reviewable} /> },
    { id: "deployed", icon: "check", count: work.deployed.length, list: <Deployed rows={work.deployed} /> },
  ];
}

function Work({ work }: { work: OwnWork }) {
  const parts = partsOf(work);
  return (
    <div className="stack">
      <nav className="work-counts" aria-label={t("page.developer")}>
        {parts.slice(0, 6).map(({ id, icon, count }) => (
          <a key={id} href={`#${id}`} className={`work-count ${count > 0 && (id === "red" || id === "waiting_on_me") ? `work-count-${id}` : ""}`} onClick={(event) => reveal(event, id)}>
            <Icon name={icon} />
            <span className="work-count-number">{formatNumber(count)}</span>
            <span>{t(`developer.${id}`)}</span>
          </a>
        ))}
      </nav>
      <div className="work-lists">
        {COLUMNS.map((ids) => (
          <div key={ids.join()} className="stack">
            {parts.filter(({ id }) => ids.includes(id)).map((part) => (
              <WorkCard key={part.id} part={part} />
            ))}
          </div>
        ))}
      </div>
      <p className="note">{t("developer.no_ranking")}</p>
    </div>
  );
}

function WorkCard({ part: { id, count, list } }: { part: Part }) {
  return (
    <div id={id} className="work-part" tabIndex={-1}>
      <Card title={t(`developer.${id}`)} note={count > 0 ? t(`developer.${id}_note` as Key) : undefined} flush>
        {count === 0 ? <p className="work-none">{t(`developer.none_${id}` as Key)}</p> : list}
      </Card>
    </div>
  );
}

/** Moves to a part of the page without another step in the history. */
function reveal(event: MouseEvent, id: string): void {
  event.preventDefault();
  const part = document.getElementById(id);
  part?.scrollIntoView({ block: "start" });
  part?.focus({ preventScroll: true });
}

function NoPerson({ why, tenant, isDemo }: { why: string; tenant: string | undefined; isDemo: boolean }) {
  const me = useRest("/api/v1/me", { tenant });
  const seesPeople = me.data?.tenant?.sees_people === true;
  const changes = useList("/api/v1/open-changes", defined({ tenant }) as never, { limit: 60, enabled: isDemo && seesPeople });
  // all of it at once, so that nothing moves
  if (me.isLoading || changes.isLoading) return <WorkSkeleton />;
  return (
    <Card>
      <Empty icon="person" title={t("developer.no_person")} action={<Link to="/teams">{t("developer.to_teams")}</Link>}>
        <Sentence text={why} />
      </Empty>
      {isDemo && seesPeople && <MadeUp authors={changes.rows?.flatMap(({ author }) => author ?? []) ?? []} />}
      <div className="no-person">
        <h2>{t("developer.no_person_how")}</h2>
        <ul className="caveats">
          <li>{t("developer.no_person_email")}</li>
          <li>{tr("developer.no_person_link", { command: <code>sei user link USER ACCOUNT</code> })}</li>
          <li>{tr("developer.no_person_setting", { setting: <code>dora.people</code>, themselves: <code>themselves</code>, managers: <code>managers</code>, off: <code>off</code> })}</li>
        </ul>
        {me.data?.tenant?.rights.includes("people") === true && <AccountForm />}
        <p className="note">{t("developer.no_ranking")}</p>
      </div>
    </Card>
  );
}

/** How many made-up persons are offered. */
const OFFERED = 6;

/** In the demo: the work of a made-up person with an open change. */
function MadeUp({ authors: all }: { authors: string[] }) {
  const isPerson = (author: string) => !author.endsWith("[bot]");
  const authors = [...new Set(all.filter(isPerson))].slice(0, OFFERED);
  if (authors.length === 0) return null;
  return (
    <section className="no-person">
      <h2>{t("developer.made_up")}</h2>
      <p className="row">
        {authors.map((author) => (
          <Link key={author} to="/developer" search={{ person: author } as never} className="button">
            {author.split("/").at(-1)}
          </Link>
        ))}
      </p>
    </section>
  );
}

/** Shows the work of an account to who may see that of others. */
function AccountForm() {
  const navigate = useNavigate();
  const open = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const person = new FormData(event.currentTarget).get("person");
    if (typeof person === "string" && person.trim() !== "") void navigate({ to: "/developer", search: { person: person.trim() } });
  };
  return (
    <form className="account-form" onSubmit={open}>
      <label className="field">
        <span className="field-label">{t("developer.account")}</span>
        <input name="person" required maxLength={200} placeholder="git.example.org/ann" autoComplete="off" spellCheck={false} />
      </label>
      <Button type="submit">{t("developer.account_show")}</Button>
    </form>
  );
}

function WorkSkeleton() {
  return (
    <div className="stack" aria-busy="true">
      <Skeleton height={84} />
      <div className="work-lists">
        {[1, 2, 3, 4].map((nth) => (
          <Card key={nth}>
            <Skeleton height={140} />
          </Card>
        ))}
      </div>
    </div>
  );
}
