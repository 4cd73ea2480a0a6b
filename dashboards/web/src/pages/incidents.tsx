import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { Fragment } from "react";
import type { Row } from "sei-client";
import { questionOf, useFilter } from "../data/filter";
import { useList } from "../data/queries";
import { t } from "../i18n/t";
import { Badge, Moment, Value, type Column } from "../ui";
import { ChoiceFilter, SearchFilter } from "./lists/filters";
import { ListPage } from "./lists/list-page";
import { Severity } from "./lists/verdict";

type Incident = Row<"/api/v1/incidents">;

export function IncidentsPage() {
  const filter = useFilter();
  const navigate = useNavigate();
  const { state, severity, search, sort } = useSearch({ from: "/incidents" });
  const question = questionOf(filter);
  // the severities that sources use here, by what is loaded anyway
  const { rows = [] } = useList("/api/v1/incidents", question as never);
  const severities = [...new Set(rows.flatMap((row) => (row.severity === null ? [] : [row.severity])))].sort();
  return (
    <ListPage
      title={t("page.incidents")}
      path="/api/v1/incidents"
      query={{ ...question, state, severity, search, sort }}
      columns={columns()}
      rowKey={({ id }) => id}
      onOpen={({ id }) => void navigate({ to: "/incidents/$", params: { _splat: id } })}
      order="-detected_at"
      names={["state", "severity", "search"]}
      empty={t("lists.no_incidents")}
      filters={
        <>
          <SearchFilter value={search} label={t("lists.search_incidents")} />
          <ChoiceFilter name="state" label={t("lists.state")} value={state} all={t("lists.state_all")} options={[{ value: "open", text: t("lists.state_open") }, { value: "resolved", text: t("lists.state_resolved") }]} />
          <ChoiceFilter name="severity" label={t("lists.severity")} value={severity} all={t("lists.severity_all")} options={severities.map((value) => ({ value, text: value }))} />
        </>
      }
    />
  );
}

function columns(): Column<Incident>[] {
  return [
    {
      id: "title",
      head: t("lists.incident"),
      cell: ({ id, title, detected_at }) => (
        <div className="cell-name">
          <Link to="/incidents/$" params={{ _splat: id }} title={title}>
            {title}
          </Link>
          <span className="note">{id.split("/").slice(1).join("/")}</span>
          <span className="note only-phone">
            <Moment at={detected_at} />
          </span>
        </div>
      ),
    },
    { id: "severity", head: t("lists.severity"), cell: ({ severity }) => <Severity severity={severity} /> },
    { id: "state", head: t("lists.state"), isMinor: true, cell: ({ state }) => <Badge tone={state === "open" ? "bad" : "good"}>{t(`lists.state_${state}`)}</Badge> },
    {
      id: "services",
      head: t("lists.services"),
      isMinor: true,
      cell: ({ services }) =>
        services.map((service, index) => (
          <Fragment key={service}>
            {index > 0 && ", "}
            <Link to="/services/$" params={{ _splat: service }}>
              {service}
            </Link>
          </Fragment>
        )),
    },
    { id: "detected_at", head: t("lists.detected"), order: "detected_at", isMinor: true, cell: ({ detected_at }) => <Moment at={detected_at} /> },
    { id: "resolved_at", head: t("lists.resolved"), order: "resolved_at", isMinor: true, cell: ({ resolved_at }) => <Moment at={resolved_at} /> },
    { id: "restore", head: t("lists.restore"), align: "end", cell: ({ time_to_restore_seconds, state }) => (state === "open" ? <Badge tone="bad">{t("overview.open")}</Badge> : <Value value={time_to_restore_seconds} unit="seconds" why={t("lists.no_restore")} />) },
    {
      id: "deployment",
      head: t("lists.caused_by"),
      isMinor: true,
      cell: ({ deployment, external_cause }) =>
        deployment === null ? <span className="note">{t(external_cause ? "lists.external" : "lists.no_cause")}</span> : <Link to="/deployments/$" params={{ _splat: deployment }}>{deployment.split("/").slice(-3).join("/")}</Link>,
    },
  ];
}
