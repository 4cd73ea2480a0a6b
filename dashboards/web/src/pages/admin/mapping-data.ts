import type { Row } from "sei-client";
import type { Schema } from "../../data/types";

export type MappedService = Row<"/api/v1/mapping/services">;
export type MappedTeam = Row<"/api/v1/mapping/teams">;
export type ServiceMapping = Schema<"ServiceMapping">;
export type TeamMapping = Schema<"TeamMapping">;

/** The addresses whose answers change with what belongs where. */
export const MAPPING = /^\/api\/v1\/(mapping|teams|services|findings|dora|answers|deployments|changes|work-items|item-times|target-results)/;

/** What a service has that nothing was stated of. */
export const NO_SERVICE: ServiceMapping = { repositories: [], paths: [], deployments: null, team: null, production: null, deployments_from: null, branches: [], incidents: [] };
/** The same of a team. */
export const NO_TEAM: TeamMapping = { parent: null, members: [], projects: [] };

/** A change that was made, with what undoes it: what was there before, null where nothing was. */
export interface Changed {
  text: string;
  what: "service" | "team";
  name: string;
  before: ServiceMapping | TeamMapping | null;
}
