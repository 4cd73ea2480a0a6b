import type { Answer } from "sei-client";
import { useFilter } from "./filter";
import { defined, useRest } from "./queries";
import type { Schema } from "./types";

/** A person's own work; `why` says why there is none. */
export type OwnWork = Answer<"/api/v1/me/work">["data"];
export type OpenChange = Schema<"OpenChange">;
export type WaitingChange = Schema<"WaitingChange">;
export type ShippingChange = Schema<"ShippingChange">;
export type DeployedChange = OwnWork["deployed"][number];
export type PipelineRun = OwnWork["red_runs"][number];
export type WorkItem = OwnWork["items"][number];

/** The own work of who asks, or of an account whose data may be seen. */
export function useOwnWork(account: string | undefined) {
  const { tenant } = useFilter();
  return useRest("/api/v1/me/work", defined({ tenant, account }));
}
