import type { Schemas } from "sei-client";

/** What the API answers, by the names of its OpenAPI document. */
export type Unit = Schemas["Unit"];
/** One of the values of a metric: the first, or one beside it such as a percentile or a stage. */
export interface NamedValue {
  name: string;
  value: number | null;
  unit: Unit;
  text: string | null;
  n: number;
}
// the document describes these lists without their items
type WithValues<T> = Omit<T, "values" | "series"> & { values: NamedValue[] };
export type Point = WithValues<Schemas["Point"]>;
export type Metric = WithValues<Schemas["Metric"]> & { series: Point[] };
export type MetricPart = WithValues<Schemas["MetricPart"]> & { series: Point[] };
type FiveMetrics = "change_lead_time" | "deployment_frequency" | "change_fail_rate" | "failed_deployment_recovery_time" | "deployment_rework_rate" | "time_to_restore";
type WithMetrics<T> = Omit<T, FiveMetrics> & Record<FiveMetrics, Metric>;
export type Definition = Schemas["Definition"];
export type Caveat = Schemas["Caveat"];
export type Basis = Schemas["Basis"];
/** How a value differs from that of an earlier window, or of another team. */
export type Comparison = Schemas["Comparison"] & { team?: string };
export type Level = Schemas["Level"];
export type ReportSlice = WithMetrics<Schemas["ReportSlice"]>;
type MergeValues = "merges" | "frequency" | "lead_time";
type WithMerges<T> = Omit<T, MergeValues> & Record<MergeValues, NamedValue>;
/** What would be measured if merges were deployments. */
export type Preview = Omit<WithMerges<Schemas["Preview"]>, "services"> & { services: WithMerges<Schemas["ServicePreview"]>[] };
export type Window = Schemas["Window"];
export type Report = Omit<WithMetrics<Schemas["Answer_Report"]["data"]>, "slices" | "preview"> & { slices: ReportSlice[]; preview: Preview | null };
export type MetricAnswer = Omit<Schemas["Answer_MetricAnswer"]["data"], "whole" | "slices"> & { whole: MetricPart; slices: MetricPart[] };
export type Problem = Schemas["Problem"];
export type Me = Schemas["Me"];
export type Schema<Name extends keyof Schemas> = Schemas[Name];
