import { DeploymentList, IncidentList } from "../parts/lists";
import { MetricGrid } from "../parts/metric-grid";
import type { Subject } from "./subject";

const NAMES = ["incidents", "time_to_restore", "change_fail_rate", "open_incidents", "open_vulnerabilities", "vulnerability_fix_time"];

/** Incidents and deployments of a team, with verdicts. */
export function TeamReliability({ team, filter }: Subject) {
  return (
    <div className="stack">
      <MetricGrid names={NAMES} filter={filter} scope={{ team }} />
      <div className="halves">
        <IncidentList filter={filter} scope={{ team }} />
        <DeploymentList filter={filter} scope={{ team }} />
      </div>
    </div>
  );
}
