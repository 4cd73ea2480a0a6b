import { Link, useNavigate } from "@tanstack/react-router";
import type { Row } from "sei-client";
import type { FilterSearch } from "../../data/filter";
import { defined, useList } from "../../data/queries";
import { formatDuration, formatNumber } from "../../format/value";
import { t, tOr } from "../../i18n/t";
import { Badge, Card, Loaded, Skeleton, Table, type Column } from "../../ui";

type OpenChange = Row<"/api/v1/open-changes">;

/** How many open changes are read: those opened first. */
const READ = 200;

interface OpenChangesProps {
  filter: FilterSearch;
  /** What they are narrowed to, beside the filter. */
  narrowed?: { state?: string; repository?: string; search?: string };
  /** Whether their teams are shown: where they are of several. */
  hasTeams?: boolean;
}

/** Open changes against the usual time of their team in their stage, the slowest first. */
export function OpenChanges({ filter, narrowed = {}, hasTeams = false }: OpenChangesProps) {
  const { tenant, team, service } = filter;
  const navigate = useNavigate();
  const list = useList("/api/v1/open-changes", defined({ tenant, team: service === undefined ? team : undefined, service, ...narrowed }) as never, { limit: READ });
  const rows = list.rows ?? [];
  const slow = rows.filter(({ is_slow }) => is_slow).length;
  return (
    <Card title={t("team.open_changes")} note={rows.length === 0 ? undefined : list.hasNextPage ? t("overview.slow_of_first", { n: slow, of: rows.length }) : t("team.open_changes_note", { n: rows.length, slow })} flush data-part="open-changes">
      <Loaded query={list} skeleton={<Skeleton height={260} />}>
        {() => (
          <Table
            title={t("team.open_changes")}
            columns={COLUMNS(hasTeams)}
            rows={rows}
            rowKey={({ id }) => id}
            sort={{ id: "against", desc: true }}
            empty={t("team.no_open_changes")}
            onOpen={({ id }) => void navigate({ to: "/changes/$", params: { _splat: id } })}
          />
        )}
      </Loaded>
    </Card>
  );
}

/** How often the usual time fits into the time in the stage; null where nothing is usual yet. */
function against({ stage_seconds, stage_p85_seconds }: OpenChange): number | null {
  if (stage_seconds === null || stage_p85_seconds === null || stage_p85_seconds === undefined || stage_p85_seconds === 0) return null;
  return stage_seconds / stage_p85_seconds;
}

// made when it is shown: its texts are in the language of the page
const COLUMNS = (hasTeams: boolean): Column<OpenChange>[] => [
  {
    id: "title",
    head: t("team.change"),
    value: ({ title }) => title,
    cell: ({ id, title, repository, stage }) => (
      <>
        <Link to="/changes/$" params={{ _splat: id }}>
          {title}
        </Link>
        <div className="note">{id.startsWith(repository) ? `${repository.split("/").at(-1)}${id.slice(repository.length)}` : id}</div>
        <div className="note only-phone">{tOr(`stage.${stage}`, stage)}</div>
      </>
    ),
  },
  ...(hasTeams ? [TEAMS()] : []),
  { id: "stage", head: t("team.stage"), isMinor: true, value: ({ stage }) => stage, cell: ({ stage }) => tOr(`stage.${stage}`, stage) },
  { id: "in_stage", head: t("team.in_stage"), align: "end", value: ({ stage_seconds }) => stage_seconds, cell: ({ stage_seconds }) => formatDuration(stage_seconds) },
  { id: "usual", head: t("team.usual"), align: "end", isMinor: true, value: ({ stage_p85_seconds }) => stage_p85_seconds, cell: ({ stage_p85_seconds }) => formatDuration(stage_p85_seconds) },
  { id: "against", head: t("team.against"), align: "end", value: against, cell: (row) => <Against row={row} /> },
  { id: "age", head: t("team.age"), align: "end", isMinor: true, value: ({ age_seconds }) => age_seconds, cell: ({ age_seconds }) => formatDuration(age_seconds) },
];

const TEAMS = (): Column<OpenChange> => ({
  id: "teams",
  head: t("filter.teams"),
  isMinor: true,
  value: ({ teams }) => teams.join(", "),
  cell: ({ teams }) =>
    teams.map((team) => (
      <Link key={team} to="/teams/$team" params={{ team }} search={{ tab: "flow" }} className="of-teams">
        {team}
      </Link>
    )),
});

/** The time in the stage as a part of the usual one: beyond the mark it is slow. */
function Against({ row }: { row: OpenChange }) {
  const share = against(row);
  if (share === null) return "–";
  return (
    <span className="against">
      <span className="against-track" aria-hidden="true">
        <span className={`against-bar ${row.is_slow ? "is-slow" : ""}`} style={{ width: `${Math.min(share / 2, 1) * 100}%` }} />
      </span>
      <span className="against-value">{formatNumber(share, { maximumFractionDigits: 1 })}×</span>
      {row.is_slow ? <Badge tone="bad">{t("team.stuck")}</Badge> : <span />}
    </span>
  );
}
