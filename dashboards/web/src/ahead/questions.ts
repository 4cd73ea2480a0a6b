import { defined, readFilter, reportQuestionOf, targetsQuestionOf, type FilterSearch } from "../data/question";

/** How many questions are asked at most: of the six connections that a browser keeps to a server, one stays for files. */
const MAX_QUESTIONS = 5;

/**
 * The addresses of the API that the page at a path asks first: without their answers it shows little that it is about. Then
 * what is asked around every page. They are written as the client of `data/` writes them: an address that differs is asked
 * twice, and kept twice for reading offline.
 */
export function questionsAt(path: string, search: Record<string, string>): string[] {
  const filter = readFilter(search);
  return [...ofPage(path, filter, search), ...aroundPage(filter)].slice(0, MAX_QUESTIONS);
}

function ofPage(path: string, filter: FilterSearch, { person }: Record<string, string>): string[] {
  const { tenant } = filter;
  if (path === "/") return [address("/api/v1/dora", reportQuestionOf(filter, "team")), address("/api/v1/target-results", targetsQuestionOf(filter, true))];
  if (path === "/developer") return [address("/api/v1/me/work", { tenant, account: person || undefined })];
  const team = /^\/teams\/([^/]+)$/.exec(path)?.[1];
  if (team !== undefined) return [address("/api/v1/dora", reportQuestionOf({ ...filter, team: decodeURIComponent(team), service: undefined }, "service"))];
  return [];
}

/** Definitions, what the filter offers, and who asks. */
function aroundPage({ tenant }: FilterSearch): string[] {
  const lists = ["teams", "services", "tenants"].map((list) => address(`/api/v1/${list}`, { tenant, limit: 200 }));
  return [address("/api/v1/metrics", { tenant }), ...lists, address("/api/v1/me", {})];
}

function address(path: string, question: object): string {
  const parameters = Object.entries(defined(question)).map(([name, value]) => `${name}=${encodeURIComponent(String(value))}`);
  return parameters.length === 0 ? path : `${path}?${parameters.join("&")}`;
}
