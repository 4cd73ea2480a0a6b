import { Link } from "@tanstack/react-router";
import { lazy, Suspense, useDeferredValue, type ReactNode } from "react";
import { useReport } from "../data/queries";
import { useFilter } from "../data/filter";
import { useMaySet, useTargetResults, type TargetResult } from "../data/targets";
import { otherTeam } from "../data/team-comparison";
import type { Report } from "../data/types";
import { formatWindow } from "../format/time";
import { t } from "../i18n/t";
import { Button, Card, Loaded, PageHead, Problem, Skeleton } from "../ui";
import { Statements } from "./parts/statements";
import { FIVE } from "./parts/five";
import { FiveMetrics } from "./parts/five-metrics";
import { ofReport, withTarget } from "./parts/measured";
import { Movers } from "./parts/movers";
import { SliceTable } from "./parts/slice-table";
import { Assisted } from "./overview/assisted";
import { Investment } from "./overview/investment";
import { Reliability } from "./overview/reliability";
import { Risks } from "./overview/risks";
import { Breaches } from "./targets/breaches";
import { TargetsCard } from "./targets/targets-card";
import "./overview.css";

// shown once, before any data
const NoServices = lazy(() => import("./overview/no-services").then((file) => ({ default: file.NoServices })));

export function OverviewPage() {
  const report = useReport({ by: "team" });
  const targets = useTargetResults({ teams: true });
  const data = report.data?.data;
  return (
    <>
      <PageHead
        title={t("page.overview")}
        note={data === undefined ? " " : <WindowNote report={data} />}
        actions={
          <Button icon="print" onPress={() => window.print()}>
            {t("ui.print")}
          </Button>
        }
      />
      {/* targets come with the numbers, so that nothing moves when they are there */}
      <Loaded query={{ ...report, data: targets.isPending ? undefined : report.data }} skeleton={<OverviewSkeleton />}>
        {({ data: answer }) => {
          if (answer.services.length === 0) return <Suspense fallback={<OverviewSkeleton />}><NoServices /></Suspense>;
          return <Overview report={answer} targets={targets.data?.data ?? []} missing={targets.isError && <Problem error={targets.error} onRetry={() => void targets.refetch()} />} />;
        }}
      </Loaded>
    </>
  );
}

function WindowNote({ report }: { report: Report }) {
  const filter = useFilter();
  const { team, service } = filter;
  const other = otherTeam(filter);
  const compared = report.change_lead_time.compared?.window;
  const about = service ?? team;
  const window = formatWindow(report.window);
  const reference = other === undefined ? compared && formatWindow(compared) : t("filter.compare_team", { team: other });
  const written = reference === undefined ? window : t("overview.compared", { window, compared: reference });
  return about === undefined ? written : `${about} · ${written}`;
}

/** `missing` is why there are no targets, where they could not be asked for. */
function Overview({ report, targets, missing }: { report: Report; targets: TargetResult[]; missing: ReactNode }) {
  const filter = useFilter();
  // what is below the window at first waits for what is in it, and is rendered in slices
  const isWhole = useDeferredValue(true, false);
  // a service has the targets of its team
  const agreed = filter.service === undefined && (
    <TargetsCard team={filter.team} results={targets.filter(({ team }) => team === null)}>
      <Breaches results={targets} />
    </TargetsCard>
  );
  return (
    <div className="stack overview">
      <Statements texts={report.statements} />
      <FiveMetrics report={report} className="overview-metrics" targets={targets} />
      {missing}
      {targets.length > 0 && agreed}
      {!isWhole && <SkeletonBelow />}
      {isWhole && (
        <>
          <div className="overview-split">
            <Movers filter={filter} whole={filter.service ?? filter.team ?? t("overview.whole")} slices={["team", "service"]} />
            <Risks />
          </div>
          {report.slices.length > 0 && <Teams report={report} targets={targets} />}
          <div className="overview-three">
            <Investment />
            <Assisted />
            <Reliability />
          </div>
          {targets.length === 0 && missing === false && <WhoMaySet team={filter.team}>{agreed}</WhoMaySet>}
        </>
      )}
    </div>
  );
}

/** Shown to who may set targets; the rest is not rendered again when that is known. */
function WhoMaySet({ team, children }: { team: string | undefined; children: ReactNode }) {
  return useMaySet(team) && children;
}

/** Teams are listed by name: they are no ranking. */
function Teams({ report, targets }: { report: Report; targets: TargetResult[] }) {
  const rows = report.slices.map((slice) => ({ slice: slice.slice, metrics: Object.fromEntries(FIVE.map((name) => [name, withTarget(ofReport(slice[name]), targets, slice.slice)])) }));
  const metrics = FIVE.map((name) => ({ name, title: report[name].title, isMinor: name === "deployment_rework_rate" || name === "time_to_restore" }));
  return (
    <SliceTable
      title={t("overview.teams")}
      note={t("overview.teams_note", { benchmark: report.levels })}
      head={t("overview.team")}
      metrics={metrics}
      rows={rows}
      nameOf={({ slice }) => (
        <Link to="/teams/$team" params={{ team: slice }}>
          {slice}
        </Link>
      )}
    />
  );
}

function OverviewSkeleton() {
  return (
    <div className="stack">
      <div className="grid overview-metrics">
        {FIVE.map((name) => (
          <Card key={name}>
            <Skeleton height={124} />
          </Card>
        ))}
      </div>
      <SkeletonBelow />
    </div>
  );
}

function SkeletonBelow() {
  return (
    <>
      <div className="overview-split">
        <Card>
          <Skeleton height={380} />
        </Card>
        <Card>
          <Skeleton height={380} />
        </Card>
      </div>
      <Card>
        <Skeleton height={320} />
      </Card>
    </>
  );
}
