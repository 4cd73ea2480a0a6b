import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { useDefinitions, useMetrics, useScopes } from "../data/queries";
import type { MetricAnswer } from "../data/types";
import { compareOf, useFilter } from "../data/filter";
import { useSetSearch } from "../data/search";
import { otherTeam } from "../data/team-comparison";
import { t } from "../i18n/t";
import { Card, Empty, Loaded, PageHead, Segments, Skeleton } from "../ui";
import { atEnd, ofSlice } from "./parts/measured";
import { SliceTable, type SliceRow } from "./parts/slice-table";

/** What teams are looked at by: a set of metrics for each subject. */
const SUBJECTS = {
  delivery: ["change_lead_time", "deployment_frequency", "change_fail_rate", "failed_deployment_recovery_time", "time_to_restore"],
  stages: ["change_lead_time", "coding_time", "pickup_time", "review_time", "approval_time", "deploy_time"],
  review: ["time_to_first_review", "time_to_merge", "reviews", "merged_without_review", "changes_in_progress"],
  ci: ["ci_duration", "ci_queue_time", "ci_success_rate", "ci_flakiness", "ci_red_time"],
  planning: ["item_cycle_time", "item_throughput", "items_in_progress", "age_of_items_in_progress", "flow_efficiency"],
  risk: ["open_incidents", "incidents", "open_vulnerabilities", "age_of_open_changes", "bus_factor"],
} as const;
type Subject = keyof typeof SUBJECTS;

export function TeamsPage() {
  const { subject: named } = useSearch({ strict: false }) as { subject?: string };
  const navigate = useNavigate();
  const subject: Subject = named !== undefined && named in SUBJECTS ? (named as Subject) : "delivery";
  const set = (value: Subject) => void navigate({ to: ".", search: (all: Record<string, unknown>) => ({ ...all, subject: value === "delivery" ? undefined : value }), resetScroll: false } as never);
  const answers = useMetrics([...SUBJECTS[subject]], { by: "team" });
  return (
    <>
      <PageHead title={t("page.teams")} note={t("teams.note")} />
      <div className="segments-row">
        <Segments label={t("teams.subject")} value={subject} options={(Object.keys(SUBJECTS) as Subject[]).map((value) => ({ value, text: t(`teams.${value}`) }))} onChange={set} />
      </div>
      <Loaded query={answers} skeleton={<Card><Skeleton height={460} /></Card>}>
        {({ data }) => (subject === "planning" && data.every(({ slices }) => slices.every(({ slice }) => slice === null || slice === undefined)) ? <ByMembers /> : <Teams answers={data} subject={subject} />)}
      </Loaded>
    </>
  );
}

/** Planning where no team says in which projects it plans: a work item is of the team of those who work on it. */
function ByMembers() {
  const answers = useMetrics([...SUBJECTS.planning], { by: "author_team", filter: { ...useFilter(), team: undefined, service: undefined } });
  return (
    <Loaded query={answers} skeleton={<Card><Skeleton height={460} /></Card>}>
      {({ data }) => <Teams answers={data} subject="planning" />}
    </Loaded>
  );
}

function Teams({ answers, subject }: { answers: MetricAnswer[]; subject: Subject }) {
  const { teams } = useScopes();
  const filter = useFilter();
  const { order } = useSearch({ strict: false }) as { order?: string };
  const definitions = useDefinitions();
  const known = teams.length > 0 ? teams : [...new Set(answers.flatMap(({ slices }) => slices.map(({ slice }) => slice ?? "")))].map((name) => ({ name, parent: null, members: 0, services: [] as string[] }));
  const shown = known.filter(({ name, parent }) => filter.team === undefined || name === filter.team || parent === filter.team);
  if (shown.length === 0) {
    return (
      <Card>
        <Empty icon="teams" title={t("teams.none")} action={<Link to="/admin" search={{ tab: "mapping" } as never}>{t("teams.define")}</Link>}>
          {t("teams.none_text")}
        </Empty>
      </Card>
    );
  }
  const rows: SliceRow[] = shown.map(({ name, parent, members, services }) => ({
    slice: name,
    note: noteOf(parent, members, services.length, known.filter((team) => team.parent === name).length),
    metrics: Object.fromEntries(answers.flatMap((answer) => {
      const metric = ofSlice(answer, name);
      return metric === undefined ? [] : [[answer.metric.name, subject === "risk" ? atEnd(metric) : metric]];
    })),
  }));
  // risks are those of the end, without a change
  const hasChanges = subject !== "risk" && (compareOf(filter) !== undefined || otherTeam(filter) !== undefined);
  const isByChange = hasChanges && order === "change";
  const metrics = SUBJECTS[subject].map((name) => ({ name, title: definitions.get(name)?.title ?? name }));
  return (
    <SliceTable
      title={t(`teams.${subject}`)}
      note={t(isByChange ? "teams.sorted_by_change" : "teams.sorted")}
      isByChange={isByChange}
      actions={hasChanges && <Order isByChange={isByChange} />}
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

/** Whether a column sorts by values or by how much they changed. */
function Order({ isByChange }: { isByChange: boolean }) {
  const setSearch = useSetSearch();
  const options = [{ value: "value" as const, text: t("teams.order_value") }, { value: "change" as const, text: t("teams.order_change") }];
  return (
    <div className="beside-export">
      <Segments label={t("teams.order")} value={isByChange ? "change" : "value"} options={options} onChange={(value) => setSearch({ order: value === "change" ? value : undefined })} />
    </div>
  );
}

/** What a team is: the team that it is part of, its members and services. */
function noteOf(parent: string | null | undefined, members: number, services: number, parts: number): string {
  if (parts > 0) return t("teams.parts", { n: parts });
  const texts = [t("teams.members", { n: members }), t("teams.services", { n: services })];
  return [...(parent === null || parent === undefined ? [] : [parent]), ...texts].join(" · ");
}
