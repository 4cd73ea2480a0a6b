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
  open_incidents: ["/incidents", { state: "open" }],
};

/** Where the rows behind a metric are listed: its deployments, changes or incidents; else its distribution in Explore. */
export function listOf(metric: string): [to: string, search: Search] {
  return LISTS[metric] ?? ["/explore", { metric }];
}

/** Opens the rows behind a metric; `scope` is the team or service that they belong to. */
export function RowsLink({ metric, scope = {}, children, label }: { metric: string; scope?: Search; children: ReactNode; label?: string }) {
  const [to, search] = listOf(metric);
  return (
    <Link to={to as "/"} search={{ ...search, ...scope } as never} className="rows-link" aria-label={label}>
      {children}
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
