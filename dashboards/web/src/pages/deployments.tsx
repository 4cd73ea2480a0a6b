import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import type { Row } from "sei-client";
import { measuredQuestionOf, useFilter } from "../data/filter";
import { formatNumber } from "../format/value";
import { t, type Key } from "../i18n/t";
import { Moment, type Column } from "../ui";
import { ChoiceFilter, SearchFilter } from "./lists/filters";
import { ListPage } from "./lists/list-page";
import { Verdict } from "./lists/verdict";

type Deployment = Row<"/api/v1/deployments">;

const KINDS = ["first", "normal", "rollback", "roll_forward", "redeployment"] as const;
const SOURCES = ["deployment", "branch", "pipeline", "cdevents", "release", "tag"] as const;

export function DeploymentsPage() {
  const filter = useFilter();
  const navigate = useNavigate();
  const own = useSearch({ from: "/deployments" });
  const { failed, rework, counted, success, kind, source, search, sort } = own;
  const query = { ...measuredQuestionOf(filter), failed, rework, counted, success, kind, source, search, sort };
  return (
    <ListPage
      title={t("page.deployments")}
      path="/api/v1/deployments"
      query={query}
      columns={columns()}
      rowKey={({ service, id }) => `${service} ${id}`}
      onOpen={({ id }) => void navigate({ to: "/deployments/$", params: { _splat: id } })}
      order="-finished_at"
      names={["failed", "rework", "counted", "success", "kind", "source", "search"]}
      empty={t("lists.no_deployments")}
      filters={
        <>
          <SearchFilter value={search} label={t("lists.search_deployments")} />
          <ChoiceFilter name="failed" label={t("lists.failed")} value={failed} all={t("lists.failed_all")} options={[{ value: "true", text: t("lists.failed_only") }, { value: "false", text: t("lists.failed_not") }]} />
          <ChoiceFilter name="rework" label={t("lists.rework")} value={rework} all={t("lists.rework_all")} options={[{ value: "true", text: t("lists.rework_only") }, { value: "false", text: t("lists.rework_not") }]} />
          <ChoiceFilter name="counted" label={t("lists.counted")} value={counted} all={t("lists.counted_all")} options={[{ value: "true", text: t("lists.counted_only") }, { value: "false", text: t("lists.counted_not") }]} />
          <ChoiceFilter name="kind" label={t("lists.kind")} value={kind} all={t("lists.kind_all")} options={KINDS.map((value) => ({ value, text: t(`kind.${value}`) }))} />
          <ChoiceFilter name="source" label={t("lists.source")} value={source} all={t("lists.source_all")} options={SOURCES.map((value) => ({ value, text: t(`evidence_of.${value}`) }))} />
        </>
      }
    />
  );
}

function columns(): Column<Deployment>[] {
  return [
    {
      id: "name",
      head: t("lists.deployment"),
      cell: ({ id, name, environment, service }) => (
        <div className="cell-name">
          <Link to="/deployments/$" params={{ _splat: id }}>
            {name ?? id.split("/").slice(-2).join(" ")}
          </Link>
          <span className="note only-phone">{service}</span>
          {environment !== null && <span className="note">{environment}</span>}
        </div>
      ),
    },
    { id: "service", head: t("lists.service"), order: "service", isMinor: true, cell: ({ service }) => <Link to="/services/$" params={{ _splat: service }}>{service}</Link> },
    { id: "finished_at", head: t("lists.finished"), order: "finished_at", cell: ({ finished_at }) => <Moment at={finished_at} /> },
    { id: "verdict", head: t("lists.verdict"), cell: (deployment) => <Verdict deployment={deployment} /> },
    { id: "kind", head: t("lists.kind"), isMinor: true, cell: ({ kind }) => t(`kind.${kind}` as Key) },
    {
      id: "changes",
      head: t("lists.changes"),
      order: "changes",
      align: "end",
      isMinor: true,
      cell: ({ id, changes }) => (changes === 0 ? "0" : <Link to="/changes" search={{ deployment: id, window: "all" }}>{formatNumber(changes)}</Link>),
    },
    { id: "commits", head: t("lists.commits"), order: "commits", align: "end", isMinor: true, cell: ({ commits }) => formatNumber(commits) },
    { id: "recovered_at", head: t("lists.recovered"), order: "recovered_at", isMinor: true, cell: ({ failed, recovered_at }) => (failed ? <Moment at={recovered_at} /> : null) },
  ];
}
