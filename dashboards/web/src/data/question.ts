// What an address asks about, without a library: what is asked ahead of the application reads it too.

export const WINDOWS = ["7d", "30d", "90d", "180d", "365d", "all"] as const;
export const INTERVALS = ["day", "week", "month", "quarter", "year"] as const;
export const BENCHMARKS = ["2025", "2024", "2023", "2022", "2021", "2019"] as const;

export type Interval = (typeof INTERVALS)[number];

/** The filter of all pages, as the address holds it. What is absent has its default. */
export interface FilterSearch {
  tenant?: string;
  team?: string;
  service?: string;
  environment?: string;
  /** A number of days such as `90d`, or `all`; not beside `from` and `to`. */
  window?: string;
  from?: string;
  to?: string;
  interval?: Interval;
  time_zone?: string;
  benchmark?: string;
  /** `previous`, `year_ago`, `none`, or `team:<name>`. */
  compare?: string;
}

/** The names of its parameters, which every link keeps. */
export const FILTER_KEYS = [
  "tenant",
  "team",
  "service",
  "environment",
  "window",
  "from",
  "to",
  "interval",
  "time_zone",
  "benchmark",
  "compare",
] as const satisfies readonly (keyof FilterSearch)[];

/** What holds where the address says nothing. */
export const DEFAULTS = { window: "90d", compare: "previous" } as const;

const DAY = /^\d{4}-\d\d-\d\d/;

/** Reads the filter from the parameters of an address; what can't be meant is left out. */
export function readFilter(search: Record<string, unknown>): FilterSearch {
  const text = (name: string) => {
    const value = search[name];
    return typeof value === "string" && value !== "" ? value : undefined;
  };
  const checked = (name: string, pattern: RegExp) => {
    const value = text(name);
    return value !== undefined && pattern.test(value) ? value : undefined;
  };
  const from = checked("from", DAY);
  const to = checked("to", DAY);
  const interval = text("interval");
  const filter: FilterSearch = {
    tenant: text("tenant"),
    team: text("team"),
    service: text("service"),
    environment: text("environment"),
    window: from === undefined ? checked("window", /^([1-9]\d{0,4}d|all)$/) : undefined,
    from,
    to,
    interval: INTERVALS.find((known) => known === interval),
    time_zone: checked("time_zone", /^[A-Za-z0-9_+\-/]+$/),
    benchmark: checked("benchmark", /^\d{4}(\/[\w-]+)?$/),
    compare: checked("compare", /^(previous|year_ago|none|team:.+)$/),
  };
  for (const [name, value] of Object.entries(DEFAULTS)) {
    if (filter[name as keyof typeof DEFAULTS] === value) delete filter[name as keyof typeof DEFAULTS];
  }
  return Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== undefined)) as FilterSearch;
}

/** The parameters of a question about a window, as REST names them. */
export interface Question {
  tenant?: string;
  team?: string;
  service?: string;
  window?: string;
  from?: string;
  to?: string;
  time_zone?: string;
}

/** What a page asks about, from the filter: of a report or a metric with `interval` and `compare` beside it. */
export function questionOf(filter: FilterSearch): Question {
  const { tenant, team, service, from, to, time_zone } = filter;
  const window = from === undefined ? (filter.window ?? DEFAULTS.window) : undefined;
  const question = { tenant, team: service === undefined ? team : undefined, service, window, from, to, time_zone };
  return Object.fromEntries(Object.entries(question).filter(([, value]) => value !== undefined));
}

/** What is asked about metrics, deployments and targets, which also an environment narrows. */
export function measuredQuestionOf(filter: FilterSearch): Question & { environment?: string } {
  const { environment } = filter;
  return environment === undefined ? questionOf(filter) : { ...questionOf(filter), environment };
}

/** The interval: the chosen one, days for windows up to 31 days, otherwise what the server chooses. */
export function intervalOf(filter: FilterSearch): Interval | undefined {
  if (filter.interval !== undefined) return filter.interval;
  const days = filter.from === undefined ? Number.parseInt(filter.window ?? DEFAULTS.window, 10) : Number.NaN;
  return days <= 31 ? "day" : undefined;
}

/** The comparison as the API takes it: not one with another team, which is a question of its own. */
export function compareOf(filter: FilterSearch): "previous" | "year_ago" | undefined {
  const compare = filter.compare ?? DEFAULTS.compare;
  // before the first deployment there is nothing to compare with
  if (filter.window === "all" && compare === "previous") return undefined;
  return compare === "previous" || compare === "year_ago" ? compare : undefined;
}

/** The team to compare with, if one is chosen. */
export function comparedTeam(filter: FilterSearch): string | undefined {
  return filter.compare?.startsWith("team:") ? filter.compare.slice("team:".length) : undefined;
}

/** The question of the report for the filter; `by` also for each team or service. */
export function reportQuestionOf(filter: FilterSearch, by: "team" | "service" | undefined) {
  return defined({ ...measuredQuestionOf(filter), interval: intervalOf(filter), compare: compareOf(filter), by, benchmark: filter.benchmark });
}

/** The question of the targets and their values for the filter; `teams` also of each team. */
export function targetsQuestionOf(filter: FilterSearch, teams: boolean | undefined) {
  return defined({ ...measuredQuestionOf(filter), teams });
}

/** The same without what is undefined, so that equal questions have equal keys. */
export function defined<T extends object>(object: T): Partial<T> {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as Partial<T>;
}
