import { Link, useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { useFilter, type FilterSearch } from "../data/filter";
import { useReport, useScopes } from "../data/queries";
import type { Schema } from "../data/types";
import { formatWindow } from "../format/time";
import { t } from "../i18n/t";
import { PageHead, Tabs } from "../ui";
import { TeamCi } from "./team/ci";
import { TeamDelivery } from "./team/delivery";
import { TeamFlow } from "./team/flow";
import { TeamPlanning } from "./team/planning";
import { TeamReliability } from "./team/reliability";
import "./team.css";

type TeamRow = Schema<"Listing_Team">["data"][number];

/** A team by subjects, of which one is open. */
export function TeamPage() {
  const { team } = useParams({ from: "/teams/$team" });
  const { tab } = useSearch({ from: "/teams/$team" });
  const navigate = useNavigate();
  const current = useFilter();
  const filter: FilterSearch = { ...current, team, service: undefined };
  const report = useReport({ by: "service", filter });
  const open = (id: string) => void navigate({ to: ".", search: (all: Record<string, unknown>) => ({ ...all, tab: id === "delivery" ? undefined : id }), resetScroll: false } as never);
  const window = report.data?.data.window;
  const subject = { team, filter };
  const tabs = [
    { id: "delivery", title: t("team.delivery"), content: <TeamDelivery {...subject} report={report} /> },
    { id: "flow", title: t("team.flow"), content: <TeamFlow {...subject} /> },
    { id: "ci", title: t("team.ci"), content: <TeamCi {...subject} /> },
    { id: "planning", title: t("team.planning"), content: <TeamPlanning {...subject} /> },
    { id: "reliability", title: t("team.reliability"), content: <TeamReliability {...subject} /> },
  ];
  return (
    <>
      <PageHead title={team} kicker={<Kicker team={team} />} note={window === undefined ? " " : formatWindow(window)} />
      <Tabs label={t("team.tabs")} open={tabs.find(({ id }) => id === tab)?.id ?? "delivery"} onOpen={open} tabs={tabs} />
    </>
  );
}

/** Above its name: what the team is part of, its parts, members and services. */
function Kicker({ team }: { team: string }) {
  const { teams } = useScopes();
  const row: TeamRow | undefined = teams.find(({ name }) => name === team);
  const parts = teams.filter(({ parent }) => parent === team);
  const link = (name: string) => (
    <Link key={name} to="/teams/$team" params={{ team: name }}>
      {name}
    </Link>
  );
  return (
    <span className="row">
      <Link to="/teams">{t("page.teams")}</Link>
      {row?.parent !== null && row?.parent !== undefined && link(row.parent)}
      {parts.map(({ name }) => link(name))}
      {row !== undefined && row.members > 0 && <span>{t("teams.members", { n: row.members })}</span>}
    </span>
  );
}
