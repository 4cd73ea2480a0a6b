import { charts } from "./en/charts";
import { filter } from "./en/filter";
import { lists } from "./en/lists";
import { metrics } from "./en/metrics";
import { overview } from "./en/overview";
import { parts } from "./en/parts";
import { record } from "./en/record";
import { shell } from "./en/shell";
import { teams } from "./en/teams";
import { ui } from "./en/ui";

/** Every text of the application in English, by area: a page has a file of its own. */
export const en = { ...shell, ...filter, ...ui, ...charts, ...metrics, ...overview, ...parts, ...teams, ...lists, ...record };
