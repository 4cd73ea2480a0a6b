import { lazy, Suspense } from "react";
import type { Report } from "../../data/types";
import { t } from "../../i18n/t";
import { Card, Skeleton } from "../../ui";
import { FIVE } from "./five";
import { ofReport } from "./measured";
import { MetricCard } from "./metric-card";
import "./parts.css";

// few see it, and only until the first deployment
const PreviewCard = lazy(() => import("./preview").then((file) => ({ default: file.PreviewCard })));

interface FiveMetricsProps {
  report: Report;
  /** What their rows are of. */
  scope?: { team?: string; service?: string };
  className?: string;
}

/** The metrics of a report in cards. While no deployment is known, a preview stands for those that are made of deployments. */
export function FiveMetrics({ report, scope, className = "metric-grid" }: FiveMetricsProps) {
  const { preview, window } = report;
  const metrics = FIVE.map((name) => ofReport(report[name])).filter(({ value }) => preview === null || value !== null);
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
