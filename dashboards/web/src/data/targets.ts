import type { UseQueryResult } from "@tanstack/react-query";
import type { Row } from "sei-client";
import { answered, rest } from "./client";
import { defined, targetsQuestionOf, useFilter, type FilterSearch } from "./filter";
import { useRest } from "./queries";
import { useRights } from "./rights";
import type { Schema } from "./types";
import { useWrite } from "./writes";

export type Target = Row<"/api/v1/targets">;
export type TargetResult = Row<"/api/v1/target-results">;
export type Bound = Schema<"TargetBound">;

/** What is asked again when a target was set or removed. */
const TARGETS = /^\/api\/v1\/target/;

/** Targets with the values of the filter; `teams` also of each team. */
export function useTargetResults(options: { filter?: FilterSearch; teams?: boolean } = {}): UseQueryResult<{ data: TargetResult[] }> {
  const current = useFilter();
  return useRest("/api/v1/target-results", targetsQuestionOf(options.filter ?? current, options.teams) as never) as never;
}

/** Whether who asks may set targets of a team, or without one of the organization. */
export function useMaySet(team: string | undefined): boolean {
  const { me, has } = useRights();
  const teams = me?.tenant?.teams ?? null;
  return has("set_targets") && (teams === null || (team !== undefined && teams.includes(team)));
}

/** Sets and removes targets of a team, or without one of the organization. */
export function useTargetWrites(team: string | undefined) {
  const { tenant } = useFilter();
  const query = defined({ tenant, team });
  const set = useWrite(({ metric, ...body }: Pick<Target, "metric" | "bound" | "value" | "note">) => answered(rest.PUT("/api/v1/targets/{name}", { params: { path: { name: metric }, query }, body })), TARGETS);
  const remove = useWrite((metric: string) => answered(rest.DELETE("/api/v1/targets/{name}", { params: { path: { name: metric }, query } })), TARGETS);
  return { set, remove };
}
