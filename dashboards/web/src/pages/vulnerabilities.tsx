import { useSearch } from "@tanstack/react-router";
import type { Row } from "sei-client";
import { questionOf, useFilter } from "../data/filter";
import { t } from "../i18n/t";
import { Badge, ExternalLink, Moment, Value, type Column, type Tone } from "../ui";
import { ChoiceFilter, LimitedTo, SearchFilter } from "./lists/filters";
import { ListPage } from "./lists/list-page";
import { SEVERITIES, severityTone } from "./parts/severity";

type Vulnerability = Row<"/api/v1/vulnerabilities">;

const STATES = ["open", "fixed", "dismissed"] as const;
const TONES: Record<(typeof STATES)[number], Tone> = { open: "bad", fixed: "good", dismissed: "neutral" };

/** Vulnerabilities of code and dependencies. Those that are open are of any age; of the others, those that were found in the window. */
export function VulnerabilitiesPage() {
  const filter = useFilter();
  const { state, severity, repository, search, sort } = useSearch({ from: "/vulnerabilities" });
  const { window, from, to, ...question } = questionOf(filter);
  const query = { ...question, ...(state === "open" ? {} : { window, from, to }), state, severity, repository, search, sort };
  return (
    <ListPage
      title={t("page.vulnerabilities")}
      note={t(state === "open" ? "lists.open_at_any_time" : "lists.found_in_window")}
      path="/api/v1/vulnerabilities"
      query={query}
      columns={columns()}
      rowKey={({ id }) => id}
      order="-opened_at"
      names={["state", "severity", "repository", "search"]}
      empty={t("lists.no_vulnerabilities")}
      filters={
        <>
          <SearchFilter value={search} label={t("lists.search_vulnerabilities")} />
          <ChoiceFilter name="state" label={t("lists.state")} value={state} all={t("lists.state_any")} options={STATES.map((value) => ({ value, text: t(`lists.state_${value}`) }))} />
          <ChoiceFilter name="severity" label={t("lists.severity")} value={severity} all={t("lists.severity_all")} options={SEVERITIES.map((value) => ({ value, text: value }))} />
          {repository !== undefined && <LimitedTo name="repository" text={t("lists.of_repository", { id: repository })} />}
        </>
      }
    />
  );
}

/** How long it was open, or is. */
function openSeconds({ opened_at, fixed_at, dismissed_at }: Vulnerability): number {
  const end = fixed_at ?? dismissed_at;
  return ((end === null || end === undefined ? Date.now() : Date.parse(end)) - Date.parse(opened_at)) / 1000;
}

function columns(): Column<Vulnerability>[] {
  return [
    {
      id: "title",
      head: t("lists.vulnerability"),
      cell: ({ title, url, repository, rule, state }) => (
        <div className="cell-name">
          <ExternalLink to={url}>{title}</ExternalLink>
          <span className="note">{[(repository ?? "").split("/").slice(-2).join("/"), rule].filter((part) => part !== null && part !== "").join(" · ")}</span>
          <span className="note only-phone">{t(`lists.state_${state}`)}</span>
        </div>
      ),
    },
    { id: "severity", head: t("lists.severity"), order: "severity", cell: ({ severity }) => <Badge tone={severityTone(severity)}>{severity}</Badge> },
    { id: "state", head: t("lists.state"), isMinor: true, cell: ({ state }) => <Badge tone={TONES[state]}>{t(`lists.state_${state}`)}</Badge> },
    { id: "opened_at", head: t("lists.found"), order: "opened_at", isMinor: true, cell: ({ opened_at }) => <Moment at={opened_at} /> },
    { id: "fixed_at", head: t("lists.fixed"), order: "fixed_at", isMinor: true, cell: ({ fixed_at }) => <Moment at={fixed_at} /> },
    { id: "open_for", head: t("lists.open_for"), align: "end", cell: (row) => <Value value={openSeconds(row)} unit="seconds" /> },
  ];
}
