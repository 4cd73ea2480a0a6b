/** The five metrics of DORA, and the time to restore that stands beside them. */
export const FIVE = ["change_lead_time", "deployment_frequency", "change_fail_rate", "failed_deployment_recovery_time", "deployment_rework_rate", "time_to_restore"] as const;
