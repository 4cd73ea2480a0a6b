import type { FilterSearch } from "../../data/filter";

/** What a part of the page is about: the team, and the filter with it. */
export interface Subject {
  team: string;
  filter: FilterSearch;
}
