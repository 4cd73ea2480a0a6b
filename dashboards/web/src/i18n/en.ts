import { account } from "./en/account";
import { admin } from "./en/admin";
import { connect } from "./en/connect";
import { audit } from "./en/audit";
import { charts } from "./en/charts";
import { developer } from "./en/developer";
import { explore } from "./en/explore";
import { filter } from "./en/filter";
import { guide } from "./en/guide";
import { journey } from "./en/journey";
import { lists } from "./en/lists";
import { metrics } from "./en/metrics";
import { overview } from "./en/overview";
import { parts } from "./en/parts";
import { product } from "./en/product";
import { record } from "./en/record";
import { shell } from "./en/shell";
import { sources } from "./en/sources";
import { targets } from "./en/targets";
import { teams } from "./en/teams";
import { ui } from "./en/ui";

/** Every text of the application in English, by area: a page has a file of its own. */
export const en = { ...shell, ...filter, ...ui, ...charts, ...metrics, ...developer, ...journey, ...lists, ...overview, ...parts, ...product, ...record, ...targets, ...teams, ...explore, ...guide, ...sources, ...account, ...admin, ...audit, ...connect };
