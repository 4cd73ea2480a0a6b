import { lazy, Suspense } from "react";
import type { TargetResult } from "../../data/targets";
import type { Report } from "../../data/types";
import { t } from "../../i18n/t";
import { Card, Skeleton } from "../../ui";
import { FIVE } from "./five";
import { ofReport, withTarget } from "./measured";
import { MetricCard } from "./metric-card";
import "./parts.css";

// few see it, and only until the first deployment
const PreviewCard = lazy(() => import("./preview").then((file) => ({ default: file.PreviewCard })));

interface FiveMetricsProps {
  report: Report;
  /** What their rows are of. */
  scope?: { team?: string; service?: string };
  className?: string;
  /** What was agreed about them. */
  targets?: TargetResult[];
}

/** The metrics of a report in cards. While no deployment is known, a preview stands for those that are made of deployments. */
export function FiveMetrics({ report, scope, className = "metric-grid", targets = [] }: FiveMetricsProps) {
  const { preview, window } = report;
  const metrics = FIVE.map((name) => withTarget(ofReport(report[name]), targets)).filter(({ value }) => preview === null || value !== null);
  return (
    <>
      {preview !== null && (
        <Suspense fallback={<Card><Skeleton height={300} /></Card>}>
          <PreviewCard preview={preview} window={window} />
        </Suspense>
      )}
      {metrics.length > 0 && (
        <section className={`grid ${className}`} aria-label={t("overview.metrics")}>
          {metrics.map((metric) => (
            <MetricCard key={metric.metric} metric={metric} scope={scope} benchmark={report.quick_check.group_name} />
          ))}
        </section>
      )}
    </>
  );
}
