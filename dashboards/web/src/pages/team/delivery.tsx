import { Link, useNavigate } from "@tanstack/react-router";
import { useMemo } from "react";
import { SeriesChart } from "../../charts/series";
import { Waterfall, type Stage } from "../../charts/waterfall";
import { comparedTeam, intervalOf } from "../../data/filter";
import { useContributions } from "../../data/moved";
import { useReport } from "../../data/queries";
import { useTargetResults, type TargetResult } from "../../data/targets";
import type { Report } from "../../data/types";
import { formatDuration } from "../../format/value";
import { t, tOr } from "../../i18n/t";
import { Card, Empty, Loaded, Skeleton } from "../../ui";
import { FIVE } from "../parts/five";
import { FiveMetrics } from "../parts/five-metrics";
import { ofReport, valueOf } from "../parts/measured";
import { Movers } from "../parts/movers";
import { SliceTable } from "../parts/slice-table";
import { Statements } from "../parts/statements";
import { TargetsCard } from "../targets/targets-card";
import { targetText } from "../targets/value";
import type { Subject } from "./subject";

/** The five metrics of a team, the stages of its lead time, and its services. */
export function TeamDelivery({ team, filter, report }: Subject & { report: ReturnType<typeof useReport> }) {
  const targets = useTargetResults({ filter });
  return (
    <Loaded query={report} skeleton={<Skeleton height={700} />}>
      {({ data }) => (
        <div className="stack">
          <Statements texts={data.statements} />
          <FiveMetrics report={data} scope={{ team }} targets={targets.data?.data} />
          <Loaded query={targets} skeleton={<Card title={t("target.of_team")}><Skeleton height={120} /></Card>}>
            {({ data: results }) => <TargetsCard team={team} results={results} />}
          </Loaded>
          <Movers filter={filter} whole={team} slices={["service"]} />
          <div className="halves">
            <Stages team={team} filter={filter} report={data} />
            <LeadTimeTrend team={team} filter={filter} report={data} target={targets.data?.data.find(({ metric }) => metric === "change_lead_time")} />
          </div>
          <Services report={data} />
        </div>
      )}
    </Loaded>
  );
}

const MEDIANS = [
  ["coding_time", "coding"],
  ["pickup_time", "pickup"],
  ["review_time", "review"],
  ["deploy_time", "deploy"],
] as const;

/** The stages of the lead time: means, which add up; medians where there is no earlier window to explain. */
export function Stages({ team, filter, report }: Subject & { report: Report }) {
  const navigate = useNavigate();
  const contributions = useContributions("change_lead_time", "service", { filter });
  const found = contributions.data?.data.stages;
  const leadTime = report.change_lead_time;
  const median = formatDuration(leadTime.value);
  const means: Stage[] | undefined = found?.stages.map(({ metric, title, mean, before_mean }) => ({ id: metric, name: title, seconds: mean, note: before_mean === null ? undefined : t("team.before", { value: formatDuration(before_mean) }) }));
  const medians: Stage[] = MEDIANS.map(([id, name]) => ({ id, name: tOr(`value.${name}`, name), seconds: valueOf(leadTime.values, name) }));
  if (means !== undefined && found?.remainder !== null && found?.remainder !== undefined && found.remainder > (found.mean ?? 0) * 0.01) means.push({ id: "", name: t("parts.no_stage"), seconds: found.remainder });
  const note = means === undefined ? t("team.waterfall_median", { median }) : t("team.waterfall_mean", { mean: formatDuration(found?.mean), median });
  const open = ({ id }: Stage) => id !== "" && void navigate({ to: "/explore", search: (all: Record<string, unknown>) => ({ ...all, metric: id, team, tab: undefined }) } as never);
  return (
    <Card title={t("team.waterfall")} note={leadTime.n === 0 ? undefined : note}>
      {leadTime.n === 0 ? <Empty title={t("empty.filter")}>{t("empty.filter_text")}</Empty> : contributions.isLoading ? <Skeleton height={230} /> : <Waterfall title={t("team.waterfall")} stages={means ?? medians} onPick={open} />}
    </Card>
  );
}

/** The lead time over time, beside that of the team to compare with. */
function LeadTimeTrend({ team, filter, report, target }: Subject & { report: Report; target?: TargetResult }) {
  const navigate = useNavigate();
  const other = comparedTeam(filter);
  const compared = useReport({ filter: { ...filter, team: other, compare: "none" }, enabled: other !== undefined });
  const { title, unit, series } = report.change_lead_time;
  const lines = [{ name: other === undefined ? title : team, points: series }];
  if (other !== undefined && compared.data !== undefined) lines.push({ name: other, points: compared.data.data.change_lead_time.series });
  const line = useMemo(() => (target === undefined ? undefined : { value: target.target, name: targetText(target.bound, target.target, target.unit) }), [target]);
  const pick = (from: string, to: string) => void navigate({ to: "/changes", search: (all: Record<string, unknown>) => ({ ...all, team, window: undefined, from, to, tab: undefined }) } as never);
  return (
    <Card title={t("team.lead_time_trend")}>
      <SeriesChart title={t("team.lead_time_trend")} unit={unit} interval={intervalOf(filter) ?? report.interval} series={lines.map((line, index) => ({ ...line, isReference: index > 0 }))} target={line} height={250} onPick={pick} />
    </Card>
  );
}

function Services({ report }: { report: Report }) {
  const rows = report.slices.map((slice) => ({ slice: slice.slice, metrics: Object.fromEntries(FIVE.map((name) => [name, ofReport(slice[name])])) }));
  return (
    <SliceTable
      title={t("team.services")}
      head={t("team.service")}
      metrics={FIVE.map((name) => ({ name, title: report[name].title, isMinor: name === "deployment_rework_rate" || name === "time_to_restore" }))}
      rows={rows}
      empty={t("team.no_services")}
      nameOf={({ slice }) => (
        <Link to="/services/$" params={{ _splat: slice }}>
          {slice}
        </Link>
      )}
    />
  );
}
