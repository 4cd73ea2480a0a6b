import { Link, useNavigate } from "@tanstack/react-router";
import type { DeployedChange, OpenChange, PipelineRun, ShippingChange, WaitingChange, WorkItem } from "../../data/own-work";
import { formatDuration } from "../../format/value";
import { t, tOr } from "../../i18n/t";
import { Badge, ExternalLink, Moment, Sentence, Table, Tooltip, Value, type Column } from "../../ui";
import { StageBar, StageLegend } from "./stage-bar";

function ChangeLink({ change: { id, title } }: { change: Pick<OpenChange, "id" | "title"> }) {
  return (
    <span className="thing">
      <Link to="/changes/$" params={{ _splat: id }}>
        {title}
      </Link>
      <span className="note">{id.split("/").at(-1)}</span>
    </span>
  );
}

function changeColumn<Row>(of: (row: Row) => Pick<OpenChange, "id" | "title">): Column<Row> {
  return { id: "change", head: t("developer.change"), value: (row) => of(row).title, cell: (row) => <ChangeLink change={of(row)} /> };
}

function useOpenChange() {
  const navigate = useNavigate();
  return (id: string) => void navigate({ to: "/changes/$", params: { _splat: id } });
}

/** How long a change is in its stage, and whether that is long for its team. */
function InStage({ change: { stage_seconds, stage_p85_seconds, is_slow } }: { change: OpenChange }) {
  if (stage_seconds === null) return <Value value={null} unit="seconds" />;
  const p85 = stage_p85_seconds === null ? undefined : t("developer.slow_text", { p85: formatDuration(stage_p85_seconds) });
  const text = (
    <span tabIndex={p85 === undefined ? undefined : 0} className={is_slow === true ? "slow" : undefined}>
      {formatDuration(stage_seconds)}
      {is_slow === true && <span className="visually-hidden"> ({t("developer.slow")})</span>}
    </span>
  );
  return p85 === undefined ? text : <Tooltip text={p85}>{text}</Tooltip>;
}

function Stage({ change: { stage, is_slow } }: { change: OpenChange }) {
  return <Badge tone={is_slow === true ? "warn" : stage === "approved" ? "good" : "neutral"}>{tOr(`stage.${stage}`, stage)}</Badge>;
}

/** Changes of others that wait on the person. */
export function Waiting({ rows }: { rows: WaitingChange[] }) {
  const open = useOpenChange();
  const columns: Column<WaitingChange>[] = [
    changeColumn(({ change }) => change),
    { id: "stage", head: t("developer.stage"), value: ({ change }) => change.stage, cell: ({ change }) => <Stage change={change} />, isMinor: true },
    { id: "since", head: t("developer.since"), align: "end", value: ({ since }) => since, cell: ({ since }) => <Moment at={since} /> },
  ];
  return <Table title={t("developer.waiting_on_me")} columns={columns} rows={rows} rowKey={({ change }) => change.id} onOpen={({ change }) => open(change.id)} sort={{ id: "since" }} canExport={false} />;
}

/** Open changes with their stages. */
export function OpenChanges({ title, rows }: { title: string; rows: OpenChange[] }) {
  const open = useOpenChange();
  const columns: Column<OpenChange>[] = [
    changeColumn((change) => change),
    { id: "stage", head: t("developer.stage"), value: ({ stage }) => stage, cell: (change) => <Stage change={change} /> },
    { id: "for", head: t("developer.for"), align: "end", value: ({ stage_seconds }) => stage_seconds, cell: (change) => <InStage change={change} /> },
    { id: "age", head: t("developer.age"), align: "end", value: ({ age_seconds }) => age_seconds, cell: ({ age_seconds }) => <Value value={age_seconds} unit="seconds" />, isMinor: true },
  ];
  return <Table title={title} columns={columns} rows={rows} rowKey={({ id }) => id} onOpen={({ id }) => open(id)} canExport={false} />;
}

/** Merged changes, and which environments have them. */
export function Shipping({ rows }: { rows: ShippingChange[] }) {
  const open = useOpenChange();
  const columns: Column<ShippingChange>[] = [
    changeColumn(({ change }) => change),
    {
      id: "where",
      head: t("developer.where"),
      value: ({ environments }) => environments.join(", "),
      cell: ({ environments, why }) => (
        <Tooltip text={why === null ? t("developer.nowhere") : <Sentence text={why} />}>
          <span className="row" tabIndex={0}>
            {environments.length === 0 ? <span className="note">{t("developer.nowhere")}</span> : environments.map((name) => <Badge key={name} tone="info">{name}</Badge>)}
          </span>
        </Tooltip>
      ),
    },
    { id: "for", head: t("developer.for"), align: "end", value: ({ change }) => change.stage_seconds, cell: ({ change }) => <InStage change={change} /> },
  ];
  return <Table title={t("developer.shipping")} columns={columns} rows={rows} rowKey={({ change }) => change.id} onOpen={({ change }) => open(change.id)} canExport={false} />;
}

/** Pipelines that failed last. */
export function RedRuns({ rows }: { rows: PipelineRun[] }) {
  const columns: Column<PipelineRun>[] = [
    {
      id: "pipeline",
      head: t("developer.pipeline"),
      value: ({ name }) => name,
      cell: ({ name, repository, url }) => (
        <span className="thing">
          <ExternalLink to={url}>{name}</ExternalLink>
          <span className="note">{repository?.split("/").at(-1)}</span>
        </span>
      ),
    },
    { id: "branch", head: t("developer.branch"), value: ({ branch }) => branch, cell: ({ branch, sha }) => <code>{branch ?? sha?.slice(0, 8)}</code> },
    { id: "failed", head: t("developer.failed_at"), align: "end", value: ({ finished_at }) => finished_at, cell: ({ finished_at }) => <Moment at={finished_at} /> },
  ];
  return <Table title={t("developer.red")} columns={columns} rows={rows} rowKey={({ id }) => id} canExport={false} />;
}

/** Work items in progress. */
export function Items({ rows }: { rows: WorkItem[] }) {
  const navigate = useNavigate();
  const since = ({ started_at }: WorkItem) => (started_at === null ? null : (Date.now() - Date.parse(started_at)) / 1000);
  const columns: Column<WorkItem>[] = [
    {
      id: "item",
      head: t("developer.item"),
      value: ({ key }) => key,
      cell: ({ id, key, title }) => (
        <span className="thing">
          <Link to="/items/$" params={{ _splat: id }}>
            {title}
          </Link>
          <span className="note">{key}</span>
        </span>
      ),
    },
    { id: "status", head: t("developer.stage"), value: ({ status }) => status, cell: ({ status }) => <Badge tone="info">{status}</Badge>, isMinor: true },
    { id: "for", head: t("developer.in_progress"), align: "end", value: since, cell: (item) => <Value value={since(item)} unit="seconds" /> },
  ];
  return <Table title={t("developer.items")} columns={columns} rows={rows} rowKey={({ id }) => id} onOpen={({ id }) => void navigate({ to: "/items/$", params: { _splat: id } })} sort={{ id: "for", desc: true }} canExport={false} />;
}

/** The last changes in production, with where their time went. */
export function Deployed({ rows }: { rows: DeployedChange[] }) {
  const open = useOpenChange();
  const longest = Math.max(...rows.map(({ lead_time_seconds }) => lead_time_seconds ?? 0), 1);
  const columns: Column<DeployedChange>[] = [
    changeColumn((change) => change),
    { id: "stages", head: <StageLegend />, title: t("developer.stages"), cell: ({ stages }) => <StageBar stages={stages} longest={longest} />, isMinor: true },
    { id: "lead", head: t("developer.lead_time"), align: "end", value: ({ lead_time_seconds }) => lead_time_seconds, cell: ({ lead_time_seconds }) => <Value value={lead_time_seconds} unit="seconds" /> },
    { id: "at", head: t("developer.deployed_at"), align: "end", value: ({ deployed_at }) => deployed_at, cell: ({ deployed_at }) => <Moment at={deployed_at} /> },
  ];
  return <Table title={t("developer.deployed")} columns={columns} rows={rows} rowKey={({ id, service }) => `${service} ${id}`} onOpen={({ id }) => open(id)} />;
}
