import { Link, useNavigate } from "@tanstack/react-router";
import { formatNumber } from "../../format/value";
import { t } from "../../i18n/t";
import { Table, type Column } from "../../ui";
import { Budget, Lag, lagOf, LastRun, StateBadge, type Source } from "./state";

const ORDER = ["failing", "partial", "collecting", "ok"];

/** All sources, those in trouble first. `rejected` counts the events of each that could not be read. */
export function SourceTable({ sources, rejected }: { sources: Source[]; rejected: Map<string, number> }) {
  const navigate = useNavigate();
  const rows = [...sources].sort((left, right) => ORDER.indexOf(left.state) - ORDER.indexOf(right.state) || left.name.localeCompare(right.name));
  return <Table title={t("page.sources")} columns={columns(rejected)} rows={rows} rowKey={({ name }) => name} onOpen={({ name }) => void navigate({ to: "/sources/$", params: { _splat: name } })} />;
}

function columns(rejected: Map<string, number>): Column<Source>[] {
  return [
    { id: "name", head: t("page.source"), value: ({ name }) => name, cell: (source) => <Name source={source} /> },
    { id: "state", head: t("sources.state"), value: ({ state }) => state, cell: ({ state }) => <StateBadge state={state} /> },
    { id: "lag", head: t("sources.lag"), align: "end", value: (source) => lagOf(source), cell: (source) => <Lag source={source} /> },
    { id: "last", head: t("sources.last_run"), isMinor: true, value: ({ attempted_at }) => attempted_at, cell: (source) => <LastRun source={source} /> },
    { id: "fetched", head: t("sources.fetched"), align: "end", isMinor: true, value: ({ fetched }) => fetched, cell: ({ fetched }) => formatNumber(fetched) },
    { id: "budget", head: t("sources.budget"), align: "end", isMinor: true, value: ({ budget_left }) => budget_left, cell: (source) => <Budget source={source} /> },
    { id: "rejected", head: t("sources.rejected"), align: "end", value: ({ name }) => rejected.get(name) ?? 0, cell: ({ name }) => <Rejected name={name} n={rejected.get(name) ?? 0} /> },
  ];
}

function Name({ source: { name, error, problems } }: { source: Source }) {
  const trouble = error ?? problems[0];
  return (
    <div className="source-name">
      <Link to="/sources/$" params={{ _splat: name }}>
        {name}
      </Link>
      {trouble !== undefined && trouble !== null && (
        <span className="note" title={trouble}>
          {trouble}
        </span>
      )}
    </div>
  );
}

function Rejected({ name, n }: { name: string; n: number }) {
  if (n === 0) return <>{formatNumber(0)}</>;
  return (
    <Link to="/sources" search={{ tab: "rejected", source: name }} aria-label={t("sources.open_rejected", { n, name })}>
      {formatNumber(n)}
    </Link>
  );
}
