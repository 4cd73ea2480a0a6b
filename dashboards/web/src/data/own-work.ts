import { useQuery } from "@tanstack/react-query";
import type { Row } from "sei-client";
import { useFilter } from "./filter";
import { defined, restQuery } from "./queries";

export type OpenChange = Row<"/api/v1/open-changes">;
export type DeployedChange = Row<"/api/v1/changes">;
export type PipelineRun = Row<"/api/v1/pipeline-runs">;
export type WorkItem = Row<"/api/v1/work-items">;

export interface WaitingChange {
  change: OpenChange;
  since: string;
}

export interface ShippingChange {
  change: OpenChange;
  environments: string[];
  why: string | null;
}

/** A person's own work; `why` says why there is none. */
export interface OwnWork {
  person: string | null;
  accounts: string[];
  why: string | null;
  waiting_on_me: WaitingChange[];
  reviewable: OpenChange[];
  waiting_on_others: OpenChange[];
  shipping: ShippingChange[];
  items: WorkItem[];
  red_runs: PipelineRun[];
  deployed: DeployedChange[];
}

/** The own work of who asks, or of an account whose data may be seen. */
export function useOwnWork(account: string | undefined) {
  const { tenant } = useFilter();
  const query = restQuery("/api/v1/me/work" as never, defined({ tenant, account }) as never);
  return useQuery({ ...query, placeholderData: undefined, refetchInterval: 60_000 } as never) as ReturnType<typeof useQuery<{ data: OwnWork }>>;
}
