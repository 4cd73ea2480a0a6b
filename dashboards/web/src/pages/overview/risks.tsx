import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { useFilter } from "../../data/filter";
import { defined, useList, useMetrics } from "../../data/queries";
import { formatDuration, formatNumber } from "../../format/value";
import { t } from "../../i18n/t";
import { Badge, Card, Delta, Icon, Loaded, MetricInfo, Value, type IconName } from "../../ui";
import { answerOf, ofAnswer, valueOf, type Measured } from "../parts/measured";
import { RowsLink } from "../parts/rows";
import { SEVERITIES, severityTone } from "../parts/severity";
import { BY_TYPE } from "./questions";

const NAMES = ["open_incidents", "open_vulnerabilities", "ci_red_pipelines", "age_of_open_changes", "age_of_items_in_progress"];

/** What may become a problem: vulnerabilities, red pipelines, work that ages. */
export function Risks() {
  const answers = useMetrics(NAMES, { series: false });
  const byType = useMetrics(BY_TYPE, { by: "type", series: false });
  const byService = useMetrics(["ci_red_pipelines"], { by: "service", series: false });
  return (
    <Card title={t("overview.risks")} note={t("overview.risks_note")}>
      <Loaded query={answers} skeleton={<div className="skeleton risks-skeleton" />}>
        {({ data }) => {
          const metric = (name: string) => {
            const answer = answerOf(data, name);
            return answer === undefined ? undefined : ofAnswer(answer);
          };
          const severities = answerOf(byType.data?.data ?? [], "open_vulnerabilities")?.slices.map(({ slice, values }) => ({ name: slice ?? "", n: valueOf(values, "at_end") ?? 0 })) ?? [];
          const red = byService.data?.data[0]?.slices.map(({ slice, values }) => ({ name: slice ?? "", n: valueOf(values, "at_end") ?? 0 })) ?? [];
          return (
            <ul className="plain-list risks">
              <Risk icon="incident" metric={metric("open_incidents")} value="at_end" />
              <Risk icon="warning" metric={metric("open_vulnerabilities")} value="at_end" note={<Severities severities={severities} />} />
              <Risk icon="clock" metric={metric("ci_red_pipelines")} value="at_end" note={<Red services={red} />} />
              <Risk icon="change" metric={metric("age_of_open_changes")} note={<SlowChanges />} />
              <Risk icon="product" metric={metric("age_of_items_in_progress")} note={<Oldest metric={metric("age_of_items_in_progress")} />} />
            </ul>
          );
        }}
      </Loaded>
    </Card>
  );
}

function Risk({ icon, metric, value, note }: { icon: IconName; metric: Measured | undefined; value?: string; note?: ReactNode }) {
  if (metric === undefined) return null;
  const { metric: name, title, unit, compared, caveats } = metric;
  const shown = value === undefined ? metric.value : valueOf(metric.values, value);
  return (
    <li>
      <Icon name={icon} />
      <span className="grow">
        <span>
          {title}
          <MetricInfo metric={name} answer={metric} />
        </span>
        <small className="note">{note ?? (value === "at_end" && t("overview.at_end"))}</small>
      </span>
      <span className="risk-value">
        <RowsLink metric={name}>
          <span className="visually-hidden">{title} </span>
          <Value value={shown} unit={unit} why={caveats[0]?.text} />
        </RowsLink>
        {value === undefined && <Delta metric={name} unit={unit} compared={compared} />}
      </span>
    </li>
  );
}

/** Services with red pipelines that are named. */
const RED_SHOWN = 4;

function Severities({ severities }: { severities: { name: string; n: number }[] }) {
  const open = severities.filter(({ n }) => n > 0).sort((one, other) => SEVERITIES.indexOf(one.name) - SEVERITIES.indexOf(other.name));
  return (
    <span className="badges">
      {open.map(({ name, n }) => (
        <Link key={name} to="/vulnerabilities" search={{ state: "open", severity: name }}>
          <Badge tone={severityTone(name)}>
            {n} {name}
          </Badge>
        </Link>
      ))}
    </span>
  );
}

/** The services whose pipelines are red, by name. */
function Red({ services }: { services: { name: string; n: number }[] }) {
  const red = services.filter(({ n }) => n > 0);
  if (red.length === 0) return t("overview.at_end");
  return (
    <span className="badges">
      {red.slice(0, RED_SHOWN).map(({ name, n }) => (
        <span key={name}>
          <Link to="/services/$" params={{ _splat: name }} search={{ tab: "ci" } as never}>
            {name}
          </Link>
          {n > 1 && ` (${formatNumber(n)})`}
        </span>
      ))}
      {red.length > RED_SHOWN && t("parts.others", { n: red.length - RED_SHOWN })}
    </span>
  );
}

/** How many open changes are in their stage for longer than 85 % of their team's. */
function SlowChanges() {
  const { tenant, team, service } = useFilter();
  const list = useList("/api/v1/open-changes", defined({ tenant, team: service === undefined ? team : undefined, service }) as never, { limit: 200 });
  if (list.rows === undefined) return t("ui.loading");
  const slow = list.rows.filter(({ is_slow }) => is_slow).length;
  const text = t(list.hasNextPage ? "overview.slow_of_first" : "overview.slow", { n: slow, of: list.rows.length });
  return (
    <Link to="/changes" search={{ stage: "any" }}>
      {text}
    </Link>
  );
}

function Oldest({ metric }: { metric: Measured | undefined }) {
  const p90 = metric === undefined ? null : valueOf(metric.values, "p90");
  if (metric === undefined || p90 === null) return null;
  return t("overview.in_progress", { n: metric.n, p90: formatDuration(p90) });
}
