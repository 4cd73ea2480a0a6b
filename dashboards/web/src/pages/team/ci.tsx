import { t } from "../../i18n/t";
import { ByService } from "../parts/by-service";
import { FailedRuns, RedNow } from "../parts/failed-runs";
import { MetricGrid } from "../parts/metric-grid";
import type { Subject } from "./subject";

const NAMES = ["ci_duration", "ci_queue_time", "ci_success_rate", "ci_flakiness", "ci_red_time", "ci_time_spent"];

/** Duration, queue, flakiness and red time of the team's pipelines. */
export function TeamCi({ team, filter }: Subject) {
  return (
    <div className="stack">
      <RedNow filter={filter} />
      <MetricGrid names={NAMES} filter={filter} scope={{ team }} />
      <ByService title={t("team.by_service")} names={NAMES.slice(0, 5)} filter={filter} tab="ci" />
      <FailedRuns filter={filter} />
    </div>
  );
}
