import { defined, reportQuestionOf, targetsQuestionOf, type FilterSearch } from "../data/question";

/** The addresses of the API that the page at a path asks first: without their answers it shows nothing that it is about. */
export function questionsAt(path: string, filter: FilterSearch): string[] {
  if (path !== "/") return [];
  return [address("/api/v1/dora", reportQuestionOf(filter, "team")), address("/api/v1/target-results", targetsQuestionOf(filter, true))];
}

function address(path: string, question: object): string {
  const parameters = Object.entries(defined(question)).map(([name, value]) => [name, String(value)]);
  return `${path}?${new URLSearchParams(parameters)}`;
}
