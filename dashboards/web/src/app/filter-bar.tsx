import { useMatch, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { BENCHMARKS, DEFAULTS, INTERVALS, useFilter, useSetFilter, WINDOWS, type FilterSearch, type Interval } from "../data/filter";
import { useEnvironments } from "../data/environments";
import { useScopes } from "../data/queries";
import { t } from "../i18n/t";
import { Button } from "../ui/button";
import { Segments, Select } from "../ui/choice";
import { Drawer } from "../ui/dialog";
import { CustomWindow } from "./custom-window";

type Change = (changes: Partial<FilterSearch>) => void;
interface FieldProps {
  filter: FilterSearch;
  change: Change;
  isCompact?: boolean;
}

/** The filter of all pages: in a bar, and what is needed less often in a drawer. A phone has all of it in the drawer. */
export function FilterBar() {
  const filter = useFilter();
  const change = useSetFilter();
  const [isOpen, setOpen] = useState(false);
  const reset = () => change({ team: undefined, service: undefined, environment: undefined, window: undefined, from: undefined, to: undefined, interval: undefined, time_zone: undefined, benchmark: undefined, compare: undefined });
  const hidden = [filter.environment, filter.time_zone, filter.benchmark].filter((value) => value !== undefined).length;
  return (
    <div className="filter-bar" role="group" aria-label={t("filter.label")}>
      <ScopeField filter={filter} change={change} isCompact />
      <WindowField filter={filter} change={change} isCompact />
      <div className="filter-fields filter-wide">
        <IntervalField filter={filter} change={change} isCompact />
        <CompareField filter={filter} change={change} isCompact />
      </div>
      <div className="filter-more">
        <Button kind="quiet" icon="filter" onPress={() => setOpen(true)}>
          <span>{hidden > 0 ? `${t("filter.more")} (${hidden})` : t("filter.more")}</span>
        </Button>
      </div>
      <Drawer
        title={t("filter.label")}
        isOpen={isOpen}
        onClose={() => setOpen(false)}
        footer={
          <>
            <Button kind="quiet" onPress={reset}>
              {t("filter.reset")}
            </Button>
            <Button kind="primary" onPress={() => setOpen(false)}>
              {t("filter.done")}
            </Button>
          </>
        }
      >
        <div className="filter-sheet">
          <ScopeField filter={filter} change={change} />
          <WindowField filter={filter} change={change} />
          <CustomWindow filter={filter} change={change} />
          <IntervalField filter={filter} change={change} />
          <CompareField filter={filter} change={change} />
          <BenchmarkField filter={filter} change={change} />
          <EnvironmentField filter={filter} change={change} />
          <TimeZoneField filter={filter} change={change} />
        </div>
      </Drawer>
    </div>
  );
}

type Scope = Pick<FilterSearch, "team" | "service">;

/** The team or service that the open page is about: its path names it, whatever the filter says. */
function usePageScope(): Scope | undefined {
  const team = useMatch({ from: "/teams/$team", shouldThrow: false })?.params.team;
  const service = useMatch({ from: "/services/$", shouldThrow: false })?.params._splat;
  return team === undefined && service === undefined ? undefined : { team, service };
}

/** Opens the page of a team or service, or of the whole; the tab stays open on a page of the same kind. */
function useOpenScope(page: Scope | undefined): (scope: Scope) => void {
  const navigate = useNavigate();
  return ({ team, service }) => {
    const isSameKind = (team !== undefined && page?.team !== undefined) || (service !== undefined && page?.service !== undefined);
    const search = (all: Record<string, unknown>) => ({ ...all, team: undefined, service: undefined, ...(isSameKind ? {} : { tab: undefined }) });
    if (team !== undefined) void navigate({ to: "/teams/$team", params: { team }, search: search as never });
    else if (service !== undefined) void navigate({ to: "/services/$", params: { _splat: service }, search: search as never });
    else void navigate({ to: "/", search: search as never });
  };
}

function ScopeField({ filter, change, isCompact }: FieldProps) {
  const { teams, services } = useScopes();
  const page = usePageScope();
  const openScope = useOpenScope(page);
  const scope: Scope = page ?? filter;
  const value = scope.service !== undefined ? `service:${scope.service}` : scope.team !== undefined ? `team:${scope.team}` : "";
  const options = (kind: "team" | "service", rows: { name: string }[]) => {
    const chosen = scope[kind];
    const names = rows.map(({ name }) => name);
    if (chosen !== undefined && !names.includes(chosen)) names.push(chosen);
    return names.map((name) => ({ value: `${kind}:${name}`, text: name }));
  };
  const choose = (chosen: string) => {
    const [kind, ...rest] = chosen.split(":");
    const name = rest.join(":");
    const wanted: Scope = { team: kind === "team" ? name : undefined, service: kind === "service" ? name : undefined };
    if (page === undefined) change(wanted);
    else openScope(wanted);
  };
  const groups = [
    { options: [{ value: "", text: t("filter.scope_all") }] },
    { label: t("filter.teams"), options: options("team", teams) },
    { label: t("filter.services"), options: options("service", services) },
  ];
  return <Select isCompact={isCompact} label={t("filter.scope")} value={value} groups={groups} onChange={choose} />;
}

function WindowField({ filter, change, isCompact = false }: FieldProps) {
  const value = filter.from === undefined ? (filter.window ?? DEFAULTS.window) : "custom";
  const known: string[] = [...WINDOWS];
  if (!known.includes(value)) known.push(value);
  const name = (window: string) => {
    if (window === "all") return t("filter.window_all");
    if (window === "custom") return `${filter.from} – ${filter.to ?? "…"}`;
    const days = Number.parseInt(window, 10);
    return isCompact ? `${days} ${t("unit.d")}` : t("filter.window_days", { days });
  };
  const choose = (window: string) => {
    if (window !== "custom") change({ window, from: undefined, to: undefined });
  };
  const segments = <Segments label={t("filter.window")} value={value} options={known.map((window) => ({ value: window, text: name(window) }))} onChange={choose} />;
  if (isCompact) return segments;
  return (
    <div className="field">
      <span className="field-label">{t("filter.window")}</span>
      {segments}
    </div>
  );
}

function IntervalField({ filter, change, isCompact }: FieldProps) {
  const options = [{ value: "", text: isCompact ? `${t("filter.interval")}: ${t("filter.interval_auto")}` : t("filter.interval_auto") }, ...INTERVALS.map((interval) => ({ value: interval as string, text: t(`filter.interval_${interval}`) }))];
  return <Select isCompact={isCompact} label={t("filter.interval")} value={filter.interval ?? ""} groups={[{ options }]} onChange={(value) => change({ interval: value === "" ? undefined : (value as Interval) })} />;
}

function CompareField({ filter, change, isCompact }: FieldProps) {
  const { teams } = useScopes();
  const named = (value: string, text: string) => ({ value, text: isCompact ? `${t("filter.compare")}: ${text}` : text });
  const periods = [named("previous", t("filter.compare_previous")), named("year_ago", t("filter.compare_year_ago")), named("none", t("filter.compare_none"))];
  const others = teams.filter(({ name }) => name !== filter.team).map(({ name }) => named(`team:${name}`, t("filter.compare_team", { team: name })));
  return <Select isCompact={isCompact} label={t("filter.compare")} value={filter.compare ?? DEFAULTS.compare} groups={[{ options: periods }, { label: t("filter.teams"), options: others }]} onChange={(compare) => change({ compare: compare === DEFAULTS.compare ? undefined : compare })} />;
}

function BenchmarkField({ filter, change }: FieldProps) {
  const options = BENCHMARKS.map((year) => ({ value: year as string, text: year as string }));
  const value: string = filter.benchmark ?? BENCHMARKS[0];
  if (!options.some((option) => option.value === value)) options.push({ value, text: value });
  return <Select label={t("filter.benchmark")} value={value} groups={[{ options }]} onChange={(benchmark) => change({ benchmark: benchmark === BENCHMARKS[0] ? undefined : benchmark })} />;
}

/** The production environments; one that is named in the address stays among them. */
function EnvironmentField({ filter, change }: FieldProps) {
  const known = useEnvironments();
  const { environment } = filter;
  const names = environment === undefined || known.includes(environment) ? known : [...known, environment];
  const options = [{ value: "", text: t("filter.environment_all") }, ...names.map((name) => ({ value: name, text: name }))];
  return <Select label={t("filter.environment")} value={environment ?? ""} groups={[{ options }]} onChange={(name) => change({ environment: name || undefined })} />;
}

function TimeZoneField({ filter, change }: FieldProps) {
  const device = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const zones = Intl.supportedValuesOf("timeZone").map((zone) => ({ value: zone, text: zone }));
  const groups = [{ options: [{ value: "", text: t("filter.time_zone_server") }, { value: device, text: `${t("filter.time_zone_device")} (${device})` }] }, { label: t("filter.time_zone"), options: zones.filter(({ value }) => value !== device) }];
  return <Select label={t("filter.time_zone")} value={filter.time_zone ?? ""} groups={groups} onChange={(zone) => change({ time_zone: zone === "" ? undefined : zone })} />;
}
