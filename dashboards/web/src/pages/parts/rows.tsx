import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { t } from "../../i18n/t";

type Search = Record<string, string | undefined>;

const LISTS: Record<string, [to: string, search: Search]> = {
  change_lead_time: ["/changes", { sort: "-lead_time_seconds" }],
  coding_time: ["/changes", { sort: "-lead_time_seconds" }],
  pickup_time: ["/changes", { sort: "-lead_time_seconds" }],
  review_time: ["/changes", { sort: "-lead_time_seconds" }],
  approval_time: ["/changes", { sort: "-lead_time_seconds" }],
  deploy_time: ["/changes", { sort: "-lead_time_seconds" }],
  deployment_frequency: ["/deployments", {}],
  change_fail_rate: ["/deployments", { failed: "true" }],
  failed_deployment_recovery_time: ["/deployments", { failed: "true" }],
  deployment_rework_rate: ["/deployments", { rework: "true" }],
  time_to_restore: ["/incidents", {}],
  incidents: ["/incidents", {}],
  changes_in_progress: ["/changes", { stage: "open" }],
  age_of_open_changes: ["/changes", { stage: "open" }],
  ci_duration: ["/runs", {}],
  ci_queue_time: ["/runs", {}],
  ci_time_spent: ["/runs", {}],
  ci_success_rate: ["/runs", { outcome: "failure" }],
  ci_flakiness: ["/runs", { outcome: "failure" }],
  ci_red_time: ["/runs", { outcome: "failure" }],
  ci_red_pipelines: ["/runs", {}],
  open_vulnerabilities: ["/vulnerabilities", { state: "open" }],
  open_incidents: ["/incidents", { state: "open" }],
  item_throughput: ["/product", { tab: "items", state: "done" }],
  item_cycle_time: ["/product", { tab: "items", state: "done" }],
  item_lead_time: ["/product", { tab: "items", state: "done" }],
  flow_efficiency: ["/product", { tab: "items", state: "done" }],
  items_in_progress: ["/product", { tab: "items" }],
  age_of_items_in_progress: ["/product", { tab: "items" }],
  items_to_do: ["/product", { tab: "items", state: "to_do" }],
  sprint_velocity: ["/product", { tab: "sprints" }],
  say_do_ratio: ["/product", { tab: "sprints" }],
  scope_change: ["/product", { tab: "sprints" }],
};

/** Where the rows behind a metric are listed: its deployments, changes, incidents, work items, runs or vulnerabilities; else its distribution in Explore. */
export function listOf(metric: string): [to: string, search: Search] {
  return LISTS[metric] ?? ["/explore", { metric }];
}

/** Opens the rows behind a metric; `scope` is the team or service that they belong to. */
export function RowsLink({ metric, scope = {}, children, label }: { metric: string; scope?: Search; children: ReactNode; label?: string }) {
  const [to, search] = listOf(metric);
  return (
    <Link to={to as "/"} search={{ ...search, ...scope } as never} className="rows-link">
      {children}
      {label !== undefined && <span className="visually-hidden"> ({label})</span>}
    </Link>
  );
}

/** The number of observations behind a metric, which opens them. */
export function Observations({ metric, title, n, scope }: { metric: string; title: string; n: number; scope?: Search }) {
  return (
    <RowsLink metric={metric} scope={scope} label={t("parts.open_rows", { title, n })}>
      {t("chart.n", { n })}
    </RowsLink>
  );
}
