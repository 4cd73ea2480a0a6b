import { questionOf, useFilter } from "./filter";
import { graphql, useGraph, type ResultOf } from "./graphql";

/** The newest sprints that are listed, and the items of each that are counted there; of one that is opened. */
export const SPRINTS_MAX = 20;
export const LISTED_ITEMS_MAX = 100;
export const ITEMS_MAX = 200;

const SPRINTS = graphql(`
  query Sprints($question: SprintsFilter, $all: SprintsFilter) {
    boards: sprints(first: 200, question: $all) { nodes { board } }
    sprints(first: 20, question: $question) {
      nodes {
        id name startedAt endsAt completedAt
        items(first: 100) { nodes { statusCategory canceled points doneAt createdAt } }
      }
    }
  }
`);

const SPRINT = graphql(`
  query Sprint($id: ID!) {
    node(id: $id) {
      __typename
      ... on Sprint {
        name goal startedAt endsAt completedAt url
        items(first: 200) { totalCount nodes { key reference title kind status statusCategory canceled points doneAt createdAt startedAt } }
      }
    }
  }
`);

export type Sprint = ResultOf<typeof SPRINTS>["sprints"]["nodes"][number];
export type WholeSprint = Extract<NonNullable<ResultOf<typeof SPRINT>["node"]>, { __typename: "Sprint" }>;

/** The newest sprints that began in the window, with their items. */
export function useSprints(board: string | undefined) {
  const { window, from, to, team, service } = questionOf(useFilter());
  const all = { window, from, to, team, service };
  return useGraph(SPRINTS, { question: { ...all, board }, all }, { kinds: ["metrics"] });
}

/** A sprint by its id in the graph. */
export function useSprint(id: string) {
  return useGraph(SPRINT, { id }, { kinds: ["metrics"] });
}
