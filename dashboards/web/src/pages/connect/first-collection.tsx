import { Link } from "@tanstack/react-router";
import { useQuery } from "@tanstack/react-query";
import { useFilter } from "../../data/filter";
import { defined, restQuery } from "../../data/queries";
import { t } from "../../i18n/t";
import { Moment, Notice, Problem } from "../../ui";
import { StateBadge, type Source } from "../sources/state";

const ASKED_MS = 2000;

/** Follows the first collection of a source, from when the settings name it. */
export function FirstCollection({ name }: { name: string }) {
  const { tenant } = useFilter();
  const { data, error } = useQuery({ ...restQuery("/api/v1/sources", defined({ tenant, limit: 200 }) as never), refetchInterval: ASKED_MS });
  if (error !== null && data === undefined) return <Problem error={error} />;
  const source = data?.data.find((one) => one.name === name);
  if (source === undefined) {
    return (
      <div role="status">
        <p className="note">{t("connect.waiting", { name })}</p>
        <span className="progress" aria-hidden="true" />
      </div>
    );
  }
  return <Progress source={source} />;
}

function Progress({ source: { name, state, fetched, error, problems, attempted_at } }: { source: Source }) {
  return (
    <div className="stack" role="status">
      <p className="row">
        <StateBadge state={state} /> <strong>{name}</strong> <span>{t("sources.fetched_n", { n: fetched })}</span> <span className="note"><Moment at={attempted_at} /></span>
      </p>
      {state === "collecting" && <span className="progress" aria-hidden="true" />}
      {error !== null && error !== undefined && <Notice tone="bad">{error}</Notice>}
      {problems.slice(0, 3).map((problem) => (
        <Notice key={problem} tone="warn">{problem}</Notice>
      ))}
      {state === "ok" && <Notice tone="good">{t("connect.done")}</Notice>}
      <p className="row">
        <Link to="/sources/$" params={{ _splat: name }}>{t("connect.to_source")}</Link>
        {state === "ok" && <Link to="/">{t("shell.to_overview")}</Link>}
      </p>
    </div>
  );
}
