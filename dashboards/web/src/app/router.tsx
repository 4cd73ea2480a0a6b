import { createRootRoute, createRoute, createRouter, lazyRouteComponent, retainSearchParams } from "@tanstack/react-router";
import { FILES } from "../ahead/pages";
import { FILTER_KEYS, readFilter, type FilterSearch } from "../data/filter";
import { OverviewPage } from "../pages/overview";
import { NotFound, PageProblem } from "./fallback";
import { Shell } from "./shell";

const root = createRootRoute({
  component: Shell,
  notFoundComponent: NotFound,
  errorComponent: PageProblem,
  validateSearch: (search: Record<string, unknown>): FilterSearch => readFilter(search),
  // links keep the filter
  search: { middlewares: [retainSearchParams<FilterSearch>([...FILTER_KEYS])] },
});

/** Parameters of one page, beside the filter: its tab, its search, its order. All of them are texts. */
type PageSearch<Names extends string> = Partial<Record<Names, string>>;

function texts<Names extends string>(...names: Names[]) {
  return (search: Record<string, unknown>): PageSearch<Names> => {
    const kept = names.flatMap((name) => (typeof search[name] === "string" && search[name] !== "" ? [[name, search[name]]] : []));
    return Object.fromEntries(kept) as PageSearch<Names>;
  };
}

/** Of something whose id follows; without an id it is the address of the list. */
const NAMED = { parse: (params: { _splat?: string }) => (params._splat === undefined || params._splat === "" ? (false as never) : params) };

// A page is a file of `pages/`, loaded when it is opened; but for the overview, which most open first. Its own parameters
// are named here.
const overview = createRoute({ getParentRoute: () => root, path: "/", validateSearch: texts("moved", "by"), component: OverviewPage });
const teams = createRoute({ getParentRoute: () => root, path: "/teams", validateSearch: texts("subject", "order"), component: lazyRouteComponent(FILES.teams, "TeamsPage") });
const team = createRoute({ getParentRoute: () => root, path: "/teams/$team", validateSearch: texts("tab", "project", "moved", "by"), component: lazyRouteComponent(FILES.team, "TeamPage") });
const developer = createRoute({ getParentRoute: () => root, path: "/developer", validateSearch: texts("tab", "person"), component: lazyRouteComponent(FILES.developer, "DeveloperPage") });
const product = createRoute({ getParentRoute: () => root, path: "/product", validateSearch: texts("tab", "project", "kind", "state", "search", "sprint"), component: lazyRouteComponent(FILES.product, "ProductPage") });
const explore = createRoute({ getParentRoute: () => root, path: "/explore", validateSearch: texts("metric", "by", "view", "repository", "slice"), component: lazyRouteComponent(FILES.explore, "ExplorePage") });
const boards = createRoute({ getParentRoute: () => root, path: "/boards", component: lazyRouteComponent(FILES.boards, "BoardsPage") });
const board = createRoute({ getParentRoute: () => root, path: "/boards/$board", validateSearch: texts("edit"), component: lazyRouteComponent(FILES.board, "BoardPage") });
const sources = createRoute({ getParentRoute: () => root, path: "/sources", validateSearch: texts("tab", "source", "reason", "kind", "finding"), component: lazyRouteComponent(FILES.sources, "SourcesPage") });
const connect = createRoute({ getParentRoute: () => root, path: "/sources/connect", validateSearch: texts("connector"), component: lazyRouteComponent(FILES.connect, "ConnectPage") });
const source = createRoute({ getParentRoute: () => root, path: "/sources/$", params: NAMED, validateSearch: texts("reason", "kind"), component: lazyRouteComponent(FILES.source, "SourcePage") });
const admin = createRoute({ getParentRoute: () => root, path: "/admin", validateSearch: texts("tab", "search", "action", "actor"), component: lazyRouteComponent(FILES.admin, "AdminPage") });
const account = createRoute({ getParentRoute: () => root, path: "/account", component: lazyRouteComponent(FILES.account, "AccountPage") });
const search = createRoute({ getParentRoute: () => root, path: "/search", validateSearch: texts("q", "kinds"), component: lazyRouteComponent(FILES.search, "SearchPage") });
const guide = createRoute({ getParentRoute: () => root, path: "/guide/metrics", component: lazyRouteComponent(FILES.guide, "GuidePage") });
const service = createRoute({ getParentRoute: () => root, path: "/services/$", validateSearch: texts("tab"), component: lazyRouteComponent(FILES.service, "ServicePage") });
const deployment = createRoute({ getParentRoute: () => root, path: "/deployments/$", params: NAMED, component: lazyRouteComponent(FILES.deployment, "DeploymentPage") });
const deployments = createRoute({ getParentRoute: () => root, path: "/deployments", validateSearch: texts("failed", "rework", "success", "counted", "kind", "source", "search", "sort"), component: lazyRouteComponent(FILES.deployments, "DeploymentsPage") });
const change = createRoute({ getParentRoute: () => root, path: "/changes/$", params: NAMED, component: lazyRouteComponent(FILES.change, "ChangePage") });
const changes = createRoute({ getParentRoute: () => root, path: "/changes", validateSearch: texts("search", "sort", "is_commit", "deployment", "repository", "stage"), component: lazyRouteComponent(FILES.changes, "ChangesPage") });
const incident = createRoute({ getParentRoute: () => root, path: "/incidents/$", params: NAMED, component: lazyRouteComponent(FILES.incident, "IncidentPage") });
const incidents = createRoute({ getParentRoute: () => root, path: "/incidents", validateSearch: texts("state", "severity", "search", "sort"), component: lazyRouteComponent(FILES.incidents, "IncidentsPage") });
const runs = createRoute({ getParentRoute: () => root, path: "/runs", validateSearch: texts("outcome", "branch", "pipeline", "repository", "search", "sort"), component: lazyRouteComponent(FILES.runs, "RunsPage") });
const vulnerabilities = createRoute({ getParentRoute: () => root, path: "/vulnerabilities", validateSearch: texts("state", "severity", "repository", "search", "sort"), component: lazyRouteComponent(FILES.vulnerabilities, "VulnerabilitiesPage") });
const item = createRoute({ getParentRoute: () => root, path: "/items/$", params: NAMED, component: lazyRouteComponent(FILES.item, "ItemPage") });
const release = createRoute({ getParentRoute: () => root, path: "/releases/$", params: NAMED, validateSearch: texts("kind"), component: lazyRouteComponent(FILES.release, "ReleasePage") });

const routeTree = root.addChildren([
  overview, teams, team, developer, product, explore, boards, board, sources, connect, source, admin, account, search, guide,
  service, deployment, deployments, change, changes, incident, incidents, item, release, runs, vulnerabilities,
]);

/** The addresses of the application. Parameters are texts, as the API has them, not JSON. */
export const router = createRouter({
  routeTree,
  defaultPreload: "intent",
  defaultPreloadStaleTime: 0,
  scrollRestoration: true,
  defaultErrorComponent: PageProblem,
  parseSearch: (text) => Object.fromEntries(new URLSearchParams(text)),
  stringifySearch: (search) => {
    const named = Object.entries(search).filter(([, value]) => value !== undefined && value !== "");
    const text = new URLSearchParams(named.map(([name, value]) => [name, String(value)])).toString();
    return text === "" ? "" : `?${text}`;
  },
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
