/** What is shown of a metric. */
export type View = "chart" | "percentiles" | "table" | "distribution";
