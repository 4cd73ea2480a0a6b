import type { Tile } from "../../data/boards";
import type { Exploring } from "../../data/explored";
import { compareOf, measuredQuestionOf, type FilterSearch } from "../../data/filter";
import { defined } from "../../data/queries";

/** What is explored as a tile of a board: the same question, shown alike. */
export function tileOf({ metric, by, repository }: Exploring, view: string, filter: FilterSearch): Tile {
  const { tenant: _, ...question } = measuredQuestionOf(filter);
  const form = view === "chart" || view === "percentiles" ? "chart" : "table";
  const tile = { metrics: [metric], by, repository, ...question, interval: filter.interval, compare: compareOf(filter), form, width: by === undefined ? 6 : 12, height: by === undefined ? 4 : 6 };
  return defined(tile) as Tile;
}
