import { defined, readFilter, reportQuestionOf, targetsQuestionOf, type FilterSearch } from "../data/question";

/**
 * The addresses of the API that the page at a path asks first: without their answers it shows little that it is about. Then
 * what is asked around every page. All are asked as `data/` asks them; what differs is only asked twice.
 */
export function questionsAt(path: string, search: Record<string, string>): string[] {
  const filter = readFilter(search);
  return [...ofPage(path, filter, search), ...aroundPage(filter)];
}

function ofPage(path: string, filter: FilterSearch, { person }: Record<string, string>): string[] {
  const { tenant } = filter;
  if (path === "/") return [address("/api/v1/dora", reportQuestionOf(filter, "team")), address("/api/v1/target-results", targetsQuestionOf(filter, true))];
  if (path === "/developer") return [address("/api/v1/me/work", { tenant, account: person || undefined })];
  const team = /^\/teams\/([^/]+)$/.exec(path)?.[1];
  if (team !== undefined) return [address("/api/v1/dora", reportQuestionOf({ ...filter, team: decodeURIComponent(team), service: undefined }, "service"))];
  return [];
}

/** Definitions, who asks, and what the filter offers. */
function aroundPage({ tenant }: FilterSearch): string[] {
  const lists = ["teams", "services", "tenants"].map((list) => address(`/api/v1/${list}`, { tenant, limit: 200 }));
  return [address("/api/v1/metrics", { tenant }), address("/api/v1/me", {}), ...lists];
}

function address(path: string, question: object): string {
  const parameters = Object.entries(defined(question)).map(([name, value]) => [name, String(value)]);
  return parameters.length === 0 ? path : `${path}?${new URLSearchParams(parameters)}`;
}
