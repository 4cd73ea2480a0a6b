import { useFilter } from "./filter";
import { defined, useRest } from "./queries";
import type { Me } from "./types";

/** What who asks may do in the tenant of the filter, so that a page offers nothing that would be refused. */
export interface Rights {
  /** Undefined until it is known. */
  me: Me | undefined;
  /** Whether the grant gives a right, such as `export` or `raw_events`. */
  has: (right: string) => boolean;
  /** Manages the tenant: its people, what belongs where, its audit log. */
  administers: boolean;
  /** Manages what belongs to no tenant: users, grants, tokens, tenants, new sources. */
  administersAll: boolean;
  /** Logged in, so that there is an account of one's own. */
  isUser: boolean;
}

/** Who asks, and what they may do. */
export function useRights(): Rights {
  const { tenant } = useFilter();
  const { data: me } = useRest("/api/v1/me", defined({ tenant }) as never);
  const rights = me?.tenant?.rights ?? [];
  return {
    me,
    has: (right) => rights.includes(right),
    administers: rights.includes("administer"),
    administersAll: me?.grants.some(({ role, tenant: of, teams }) => role === "admin" && of === null && teams.length === 0) ?? false,
    isUser: me?.principal.kind === "user",
  };
}
