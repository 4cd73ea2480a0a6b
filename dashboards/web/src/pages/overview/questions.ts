// Metrics that several cards of the overview show are asked for once.

/** Metrics by type: of the investment, and of the risks. */
export const BY_TYPE = ["investment", "change_throughput", "open_vulnerabilities"];

/** Metrics over time: of the reliability, and of the assistance. */
export const OVER_TIME = ["incidents", "time_to_restore", "assisted_changes"];
