/** What is shown of a metric. */
export type View = "chart" | "table" | "distribution";
