import { Link } from "@tanstack/react-router";
import { Sparkline } from "../charts/sparkline";
import { partialStep } from "../charts/steps";
import { useReport, useTenants } from "../data/queries";
import type { Metric, Report, ReportSlice } from "../data/types";
import { directionOf, verdictOf } from "../format/direction";
import { formatWindow } from "../format/time";
import { t } from "../i18n/t";
import { Card, Delta, Empty, LevelBadge, Loaded, MetricInfo, PageHead, Sentence, Skeleton, Stat, Table, Value, type Column } from "../ui";

/** The five metrics, and the time to restore that stands beside them. */
const METRICS = ["change_lead_time", "deployment_frequency", "change_fail_rate", "failed_deployment_recovery_time", "deployment_rework_rate", "time_to_restore"] as const;
type MetricName = (typeof METRICS)[number];

export function OverviewPage() {
  const report = useReport({ by: "team" });
  const data = report.data?.data;
  return (
    <>
      <PageHead title={t("page.overview")} note={data === undefined ? " " : formatWindow(data.window)} />
      <Loaded query={report} skeleton={<OverviewSkeleton />}>
        {({ data: answer }) => (answer.services.length === 0 ? <NoServices /> : <Overview report={answer} />)}
      </Loaded>
    </>
  );
}

function Overview({ report }: { report: Report }) {
  return (
    <div className="stack">
      {report.statements.map((text) => (
        <p key={text} className="callout">
          <span>
            <Sentence text={text} />
          </span>
        </p>
      ))}
      <section className="grid overview-metrics" aria-label={t("overview.metrics")}>
        {METRICS.map((name) => (
          <MetricCard key={name} metric={report[name]} />
        ))}
      </section>
      {report.slices.length > 0 && <Teams slices={report.slices} />}
    </div>
  );
}

function MetricCard({ metric }: { metric: Metric }) {
  const { value, unit, n, compared, level, title } = metric;
  const tone = verdictOf(compared?.change, directionOf(metric.metric));
  return (
    <Card data-metric={metric.metric}>
      <Stat
        label={
          <>
            {title}
            <MetricInfo metric={metric.metric} answer={{ ...metric, value: value ?? null }} />
          </>
        }
        aside={
          <>
            <Delta metric={metric.metric} unit={unit} compared={compared} />
            <LevelBadge level={level} />
          </>
        }
        note={t("chart.n", { n })}
      >
        <Value value={value} unit={unit} why={metric.caveats[0]?.text} />
      </Stat>
      <Trend metric={metric} tone={tone} isWide height={44} />
    </Card>
  );
}

function Trend({ metric, tone = "neutral", width, isWide, height }: { metric: Metric; tone?: "good" | "bad" | "neutral"; width?: number; isWide?: boolean; height?: number }) {
  const partial = partialStep(metric.series);
  const points = metric.series.map(({ value }, index) => ({ value: value ?? null, isPartial: index === partial }));
  return <Sparkline points={points} label={t("overview.trend", { title: metric.title })} tone={tone} width={width} isWide={isWide} height={height} />;
}

function Teams({ slices }: { slices: ReportSlice[] }) {
  const columns: Column<ReportSlice>[] = [
    {
      id: "team",
      head: t("overview.team"),
      value: ({ slice }) => slice,
      cell: ({ slice }) => (
        <Link to="/teams/$team" params={{ team: slice }}>
          {slice}
        </Link>
      ),
    },
    ...METRICS.map((name) => column(name, slices[0]?.[name].title ?? name)),
  ];
  return (
    <Card title={t("overview.teams")} flush>
      <Table title={t("overview.teams")} columns={columns} rows={slices} rowKey={({ slice }) => slice} sort={{ id: "team" }} />
    </Card>
  );
}

function column(name: MetricName, title: string): Column<ReportSlice> {
  return {
    id: name,
    head: title,
    align: "end",
    value: (row) => row[name].value,
    isMinor: name === "deployment_rework_rate" || name === "time_to_restore",
    cell: (row) => (
      <div className="cell-metric">
        <Trend metric={row[name]} width={64} height={22} />
        <div>
          <Value value={row[name].value} unit={row[name].unit} why={row[name].caveats[0]?.text} />
          <div>
            <Delta metric={name} unit={row[name].unit} compared={row[name].compared} />
          </div>
        </div>
      </div>
    ),
  };
}

function NoServices() {
  const tenants = useTenants();
  const demo = tenants.data?.data.find((tenant) => tenant.demo);
  return (
    <Card>
      <Empty
        icon="sources"
        title={t("overview.no_services")}
        action={
          <span className="row">
            <Link to="/sources/connect">{t("empty.connect")}</Link>
            {demo !== undefined && (
              <Link to="/" search={{ tenant: demo.name }}>
                {t("overview.to_demo")}
              </Link>
            )}
          </span>
        }
      >
        {t("overview.no_services_text")}
      </Empty>
    </Card>
  );
}

function OverviewSkeleton() {
  return (
    <div className="stack">
      <div className="grid overview-metrics">
        {METRICS.map((name) => (
          <Card key={name}>
            <Skeleton height={118} />
          </Card>
        ))}
      </div>
      <Card>
        <Skeleton height={320} />
      </Card>
    </div>
  );
}
