import { Link, useSearch } from "@tanstack/react-router";
import type { ReactNode } from "react";
import type { Row } from "sei-client";
import { useFilter } from "../data/filter";
import { defined, useRest, useTenants } from "../data/queries";
import { useSetSearch } from "../data/search";
import { formatNumber } from "../format/value";
import { t } from "../i18n/t";
import { Card, Empty, Loaded, PageHead, Skeleton, Stat, Tabs, Value } from "../ui";
import { FindingList } from "./sources/findings";
import { RejectedEvents } from "./sources/rejected";
import { Arrivals } from "./sources/senders";
import { SourceTable } from "./sources/source-table";
import { Lag, lagOf, type Source } from "./sources/state";
import "./lists/lists.css";
import "./sources/sources.css";

type Count = Row<"/api/v1/dead-letters/counts">;

/** The most sources that are shown; more than that are rare, and the API lists them. */
const SOURCES_MAX = 200;

export function SourcesPage() {
  const { tenant } = useFilter();
  const { tab = "sources", source, reason, kind, finding } = useSearch({ from: "/sources" });
  const setSearch = useSetSearch();
  const sources = useRest("/api/v1/sources", defined({ tenant, limit: SOURCES_MAX }) as never);
  const counts = useRest("/api/v1/dead-letters/counts", defined({ tenant }) as never);
  const open = (id: string) => setSearch({ tab: id === "sources" ? undefined : id });
  const rejected = sum(counts.data?.data ?? []);
  return (
    <>
      <PageHead title={t("page.sources")} note={t("sources.note")} actions={<ConnectLink />} />
      {sources.isPending ? (
        <SourcesSkeleton />
      ) : (
        <>
          <Summary sources={sources.data?.data ?? []} rejected={counts.data === undefined ? undefined : rejected} />
          <Tabs
            label={t("page.sources")}
            open={tab}
            onOpen={open}
            tabs={[
              { id: "sources", title: t("page.sources"), content: <All sources={sources} counts={counts.data?.data ?? []} /> },
              { id: "rejected", title: rejected > 0 ? t("sources.rejected_n", { n: rejected }) : t("sources.rejected_events"), content: <RejectedEvents source={source} kind={kind} reason={reason} /> },
              { id: "findings", title: t("sources.findings"), content: <FindingList kind={finding} /> },
            ]}
          />
        </>
      )}
    </>
  );
}

/** Whether there is a summary above the tabs is known with the sources, so that nothing moves then. */
function SourcesSkeleton() {
  return (
    <div className="stack" aria-busy="true">
      <span className="visually-hidden">{t("ui.loading")}</span>
      <Skeleton height={86} />
      <Skeleton height={320} />
    </div>
  );
}

/** Leads to the page that connects a source, with the look of a button. */
function ConnectLink() {
  return (
    <Link to="/sources/connect" className="button button-primary">
      {t("page.connect")}
    </Link>
  );
}

function sum(counts: Count[]): number {
  return counts.reduce((all, { events }) => all + events, 0);
}

function All({ sources, counts }: { sources: Parameters<typeof Loaded<{ data: Source[] }>>[0]["query"]; counts: Count[] }) {
  const rejected = new Map<string, number>();
  for (const { source, events } of counts) rejected.set(source, (rejected.get(source) ?? 0) + events);
  return (
    <Loaded query={sources} skeleton={<Skeleton height={240} />}>
      {({ data }) => (
        <div className="stack">
          <Card flush={data.length > 0} title={data.length > 0 ? t("sources.all") : undefined}>
            {data.length === 0 ? <NoSources /> : <SourceTable sources={data} rejected={rejected} />}
          </Card>
          <Arrivals pulled={data.map(({ name }) => name)} />
        </div>
      )}
    </Loaded>
  );
}

function NoSources() {
  const { tenant } = useFilter();
  const tenants = useTenants();
  const isDemo = tenants.data?.data.some(({ name, demo }) => demo && name === (tenant ?? tenants.data.tenant)) ?? false;
  return (
    <Empty icon="sources" title={t(isDemo ? "sources.demo" : "sources.none")} action={<ConnectLink />}>
      {t(isDemo ? "sources.demo_text" : "sources.none_text")}
    </Empty>
  );
}

function Summary({ sources, rejected }: { sources: Source[]; rejected: number | undefined }) {
  if (sources.length === 0) return null;
  const bad = sources.filter(({ state }) => state === "failing" || state === "partial");
  const now = Date.now();
  const known = sources.filter((source) => lagOf(source, now) !== null).sort((left, right) => (lagOf(right, now) ?? 0) - (lagOf(left, now) ?? 0));
  const [worst] = known;
  return (
    <Card>
      <div className="grid source-stats">
        <Stat label={t("page.sources")} note={t("sources.n_ok", { n: sources.filter(({ state }) => state === "ok").length })}>
          {formatNumber(sources.length)}
        </Stat>
        <Stat label={t("sources.in_trouble")} note={bad.length === 0 ? t("sources.no_trouble") : <Names names={bad.map(({ name }) => name)} />}>
          <span className={bad.length > 0 ? "is-bad" : undefined}>{formatNumber(bad.length)}</span>
        </Stat>
        <Stat label={t("sources.greatest_lag")} note={lagNote(worst, sources.length - known.length)}>
          {worst === undefined ? <Value value={null} unit="seconds" why={t("sources.lag_none")} /> : <Lag source={worst} />}
        </Stat>
        <Stat label={t("sources.rejected_events")} note={<Link to="/sources" search={{ tab: "rejected" }}>{t("sources.show_rejected")}</Link>}>
          {rejected === undefined ? "…" : formatNumber(rejected)}
        </Stat>
      </div>
    </Card>
  );
}

function lagNote(worst: Source | undefined, unknown: number): ReactNode {
  return (
    <>
      {worst !== undefined && <Names names={[worst.name]} />}
      {unknown > 0 && <span> {t("sources.lag_unknown", { n: unknown })}</span>}
    </>
  );
}

const NAMED = 2;

function Names({ names }: { names: string[] }) {
  return (
    <>
      {names.slice(0, NAMED).map((name, index) => (
        <span key={name}>
          {index > 0 && ", "}
          <Link to="/sources/$" params={{ _splat: name }}>
            {name}
          </Link>
        </span>
      ))}
      {names.length > NAMED && ` ${t("sources.and_more", { n: names.length - NAMED })}`}
    </>
  );
}
