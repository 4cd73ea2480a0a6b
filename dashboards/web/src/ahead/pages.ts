/** The files of pages, each loaded when it is opened; but for the overview, which most open first. */
export const FILES = {
  teams: () => import("../pages/teams"),
  team: () => import("../pages/team"),
  developer: () => import("../pages/developer"),
  product: () => import("../pages/product"),
  explore: () => import("../pages/explore"),
  boards: () => import("../pages/boards"),
  board: () => import("../pages/board"),
  sources: () => import("../pages/sources"),
  connect: () => import("../pages/connect"),
  source: () => import("../pages/source"),
  admin: () => import("../pages/admin"),
  account: () => import("../pages/account"),
  search: () => import("../pages/search"),
  guide: () => import("../pages/guide"),
  service: () => import("../pages/service"),
  deployment: () => import("../pages/deployment"),
  deployments: () => import("../pages/deployments"),
  change: () => import("../pages/change"),
  changes: () => import("../pages/changes"),
  incident: () => import("../pages/incident"),
  incidents: () => import("../pages/incidents"),
  runs: () => import("../pages/runs"),
  vulnerabilities: () => import("../pages/vulnerabilities"),
  item: () => import("../pages/item"),
  release: () => import("../pages/release"),
};

type File = keyof typeof FILES;

/** By the first part of the path: the file of the page that it is, and of those below it. */
const BY_PATH: Record<string, [File] | [File, File]> = {
  account: ["account"],
  admin: ["admin"],
  boards: ["boards", "board"],
  changes: ["changes", "change"],
  deployments: ["deployments", "deployment"],
  developer: ["developer"],
  explore: ["explore"],
  guide: ["guide", "guide"],
  incidents: ["incidents", "incident"],
  items: ["item", "item"],
  product: ["product"],
  releases: ["release", "release"],
  runs: ["runs"],
  search: ["search"],
  services: ["service", "service"],
  sources: ["sources", "source"],
  teams: ["teams", "team"],
  vulnerabilities: ["vulnerabilities"],
};

/** What loads the page at a path; undefined where that is no file of its own. */
export function pageAt(path: string): (() => Promise<unknown>) | undefined {
  if (path === "/sources/connect") return FILES.connect;
  const [, first = "", second = ""] = path.split("/");
  const [page, below] = BY_PATH[first] ?? [];
  const file = second === "" ? page : below;
  return file && FILES[file];
}
