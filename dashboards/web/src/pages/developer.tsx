import { Link, useSearch } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { useOwnWork, type OwnWork } from "../data/own-work";
import { formatNumber } from "../format/value";
import { t, tr, type Key } from "../i18n/t";
import { Card, Empty, Icon, Loaded, PageHead, Sentence, Skeleton, type IconName } from "../ui";
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
        {({ data: own }) => (own.why === null ? <Work work={own} /> : <NoPerson why={own.why} />)}
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
        {parts.map(({ id, count, list }) => (
          <div key={id} id={id} className={id === "deployed" ? "work-wide" : undefined} tabIndex={-1}>
            <Card title={t(`developer.${id}`)} note={count > 0 || id === "reviewable" ? t(`developer.${id}_note` as Key) : undefined} flush>
              {count === 0 ? <p className="work-none">{t(`developer.none_${id}` as Key)}</p> : list}
            </Card>
          </div>
        ))}
      </div>
      <p className="note">{t("developer.no_ranking")}</p>
    </div>
  );
}

/** Moves to a part of the page without another step in the history. */
function reveal(event: React.MouseEvent, id: string): void {
  event.preventDefault();
  const part = document.getElementById(id);
  part?.scrollIntoView({ block: "start" });
  part?.focus({ preventScroll: true });
}

function NoPerson({ why }: { why: string }) {
  return (
    <Card>
      <Empty icon="person" title={t("developer.no_person")} action={<Link to="/teams">{t("developer.to_teams")}</Link>}>
        <Sentence text={why} />
      </Empty>
      <div className="no-person">
        <h2>{t("developer.no_person_how")}</h2>
        <ul className="caveats">
          <li>{t("developer.no_person_email")}</li>
          <li>{tr("developer.no_person_link", { command: <code>sei user link USER ACCOUNT</code> })}</li>
          <li>{tr("developer.no_person_setting", { setting: <code>dora.people</code>, themselves: <code>themselves</code>, managers: <code>managers</code>, off: <code>off</code> })}</li>
        </ul>
        <p className="note">{t("developer.no_ranking")}</p>
      </div>
    </Card>
  );
}

function WorkSkeleton() {
  return (
    <div className="stack">
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
