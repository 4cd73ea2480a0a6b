import { Link, useParams, useSearch } from "@tanstack/react-router";
import { useFilter } from "../data/filter";
import { defined, useRest } from "../data/queries";
import { useRights } from "../data/rights";
import { formatNumber } from "../format/value";
import { t } from "../i18n/t";
import { Card, Empty, Loaded, Moment, Notice, PageHead, Sentence, Skeleton, Stat } from "../ui";
import { RejectedEvents } from "./sources/rejected";
import { Budget, connectorOf, Lag, LastRun, StateBadge, type Source } from "./sources/state";
import "./lists/lists.css";
import "./sources/sources.css";

export function SourcePage() {
  const { _splat: name = "" } = useParams({ from: "/sources/$" });
  const { tenant } = useFilter();
  const sources = useRest("/api/v1/sources", defined({ tenant, limit: 200 }) as never);
  return (
    <Loaded query={sources} skeleton={<Waiting name={name} />}>
      {({ data }) => {
        // routers take two slashes for one
        const source = data.find((one) => one.name === name) ?? data.find((one) => one.name.replace(/\/+/g, "/") === name);
        return source === undefined ? <NotThere name={name} /> : <One source={source} />;
      }}
    </Loaded>
  );
}

function Waiting({ name }: { name: string }) {
  return (
    <div className="stack">
      <PageHead title={name} kicker={t("page.source")} />
      <Skeleton height={90} />
      <Skeleton height={240} />
    </div>
  );
}

function NotThere({ name }: { name: string }) {
  return (
    <>
      <PageHead title={name} kicker={<Link to="/sources">{t("page.sources")}</Link>} />
      <Card>
        <Empty title={t("sources.not_there")} action={<Link to="/sources">{t("sources.to_all")}</Link>}>
          {t("sources.not_there_text")}
        </Empty>
      </Card>
      <RejectedEvents source={name} isOfPage />
    </>
  );
}

/** The connectors whose tokens can be checked. */
const IS_CHECKED = ["github", "gitlab"];

function One({ source }: { source: Source }) {
  const { name, state } = source;
  const { kind, reason } = useSearch({ from: "/sources/$" });
  const { administersAll } = useRights();
  return (
    <div className="stack">
      <PageHead
        title={name}
        kicker={
          <>
            <Link to="/sources">{t("page.sources")}</Link> · {connectorOf(name)}
          </>
        }
        actions={<StateBadge state={state} />}
      />
      <Trouble source={source} />
      <Card>
        <div className="grid source-stats">
          <Stat label={t("sources.lag")} note={t("sources.lag_text")}>
            <Lag source={source} />
          </Stat>
          <Stat label={t("sources.last_run")} note={t("sources.fetched_n", { n: source.fetched })}>
            <LastRun source={source} />
          </Stat>
          <Stat label={t("sources.budget")} note={source.budget_resets_at ? <>{t("sources.renewed")} <Moment at={source.budget_resets_at} /></> : t("sources.budget_text")}>
            <Budget source={source} />
          </Stat>
        </div>
      </Card>
      <div className="split">
        <Card title={t("sources.history")}>
          <Times source={source} />
        </Card>
        <Card title={t("sources.settings")}>
          <p>{t("sources.settings_text")}</p>
          <p className="note">{t("sources.settings_commands")}</p>
          {administersAll && IS_CHECKED.includes(connectorOf(name)) && (
            <p>
              <Link to="/sources/connect" search={{ connector: connectorOf(name) }}>
                {t("sources.settings_check")}
              </Link>
            </p>
          )}
        </Card>
      </div>
      <h2>{t("sources.rejected_events")}</h2>
      <RejectedEvents source={name} kind={kind} reason={reason} isOfPage />
    </div>
  );
}

function Trouble({ source: { state, error, problems, fetched } }: { source: Source }) {
  if (state === "collecting") {
    return (
      <Notice>
        {t("sources.collecting_text", { n: fetched })}
        <span className="progress" aria-hidden="true" />
      </Notice>
    );
  }
  if (error === null && problems.length === 0) return null;
  return (
    <div className="problem" role="alert">
      <div>
        <strong>{t(state === "failing" ? "sources.failing_title" : "sources.partial_title")}</strong>
        {error !== null && error !== undefined && (
          <p className="break">
            <Sentence text={error} />
          </p>
        )}
        {problems.length > 0 && (
          <ul className="caveats">
            {problems.map((problem) => (
              <li key={problem} className="break">
                <Sentence text={problem} />
              </li>
            ))}
          </ul>
        )}
        <p className="note">{t(state === "failing" ? "sources.failing_text" : "sources.partial_text")}</p>
      </div>
    </div>
  );
}

function Times({ source }: { source: Source }) {
  const { attempted_at, succeeded_at, failed_at, complete_until, cursor_saved_at, fetched } = source;
  const times = [
    [t("sources.complete_until"), complete_until],
    [t("sources.attempted_at"), attempted_at],
    [t("sources.succeeded_at"), succeeded_at],
    [t("sources.failed_at"), failed_at],
    [t("sources.cursor_saved_at"), cursor_saved_at],
  ] as const;
  return (
    <dl className="source-times">
      {times.map(([name, at]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{at === null || at === undefined ? t("sources.never") : <Moment at={at} isExact />}</dd>
        </div>
      ))}
      <div>
        <dt>{t("sources.fetched")}</dt>
        <dd>{formatNumber(fetched)}</dd>
      </div>
    </dl>
  );
}
