import { account } from "./de/account";
import { admin } from "./de/admin";
import { connect } from "./de/connect";
import { audit } from "./de/audit";
import { charts } from "./de/charts";
import { developer } from "./de/developer";
import { explore } from "./de/explore";
import { filter } from "./de/filter";
import { guide } from "./de/guide";
import { journey } from "./de/journey";
import { lists } from "./de/lists";
import { metrics } from "./de/metrics";
import { overview } from "./de/overview";
import { parts } from "./de/parts";
import { product } from "./de/product";
import { record } from "./de/record";
import { shell } from "./de/shell";
import { sources } from "./de/sources";
import { targets } from "./de/targets";
import { teams } from "./de/teams";
import { ui } from "./de/ui";
import type { Catalog } from "./t";

/** Every text of the application in German. */
export const de: Catalog = { ...shell, ...filter, ...ui, ...charts, ...metrics, ...developer, ...journey, ...lists, ...overview, ...parts, ...product, ...record, ...targets, ...teams, ...explore, ...guide, ...sources, ...account, ...admin, ...audit, ...connect };
