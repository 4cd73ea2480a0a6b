import { questionOf, useFilter } from "./filter";
import { graphql, useGraph, type ResultOf } from "./graphql";

/** The newest sprints that are listed, and the items of each that are counted. */
export const SPRINTS_MAX = 40;
export const ITEMS_MAX = 200;

const SPRINTS = graphql(`
  query Sprints($question: SprintsFilter) {
    sprints(first: 40, question: $question) {
      totalCount
      nodes {
        id key name board goal startedAt endsAt completedAt url
        items(first: 200) { totalCount nodes { key statusCategory canceled points doneAt createdAt } }
      }
    }
  }
`);

const SPRINT = graphql(`
  query Sprint($id: ID!) {
    node(id: $id) {
      __typename
      ... on Sprint {
        id key name board goal startedAt endsAt completedAt url
        items(first: 200) { totalCount nodes { key reference title kind status statusCategory canceled points doneAt createdAt startedAt } }
      }
    }
  }
`);

export type Sprint = ResultOf<typeof SPRINTS>["sprints"]["nodes"][number];
export type WholeSprint = Extract<NonNullable<ResultOf<typeof SPRINT>["node"]>, { __typename: "Sprint" }>;
type Counted = Pick<Sprint["items"]["nodes"][number], "statusCategory" | "canceled" | "points" | "doneAt" | "createdAt">;

/** The newest sprints that began in the window, with their items. */
export function useSprints(board: string | undefined) {
  const { window, from, to } = questionOf(useFilter());
  return useGraph(SPRINTS, { question: { window, from, to, board } }, { kinds: ["metrics"] });
}

/** A sprint by its id in the graph. */
export function useSprint(id: string) {
  return useGraph(SPRINT, { id }, { kinds: ["metrics"] });
}

/** What a sprint delivered, of the items that are in it. */
export interface Delivery {
  done: number;
  all: number;
  pointsDone: number | null;
  points: number | null;
  /** Items that were written down after it began. */
  added: number;
}

/** Counts the items of a sprint: those done before it ended, or until now. */
export function deliveryOf(sprint: { startedAt: string | null; endsAt: string | null; completedAt: string | null }, items: Counted[]): Delivery {
  const end = sprint.completedAt ?? sprint.endsAt;
  const kept = items.filter(({ canceled }) => !canceled);
  const isDone = ({ statusCategory, doneAt }: Counted) => statusCategory === "DONE" && doneAt !== null && (end === null || Date.parse(doneAt) <= Date.parse(end));
  const sum = (some: Counted[]) => some.reduce((total, { points }) => total + (points ?? 0), 0);
  const hasPoints = kept.some(({ points }) => points !== null);
  const began = sprint.startedAt;
  return {
    done: kept.filter(isDone).length,
    all: kept.length,
    pointsDone: hasPoints ? sum(kept.filter(isDone)) : null,
    points: hasPoints ? sum(kept) : null,
    added: began === null ? 0 : kept.filter(({ createdAt }) => Date.parse(createdAt) > Date.parse(began)).length,
  };
}
