import { Link, useNavigate, useParams } from "@tanstack/react-router";
import { useState } from "react";
import { useFilter } from "../data/filter";
import { defined, useRest } from "../data/queries";
import type { Schema } from "../data/types";
import { secondsBetween } from "../format/time";
import { formatNumber } from "../format/value";
import { t, type Key } from "../i18n/t";
import { Card, Empty, Loaded, PageHead, Segments, Stat, Table, Value } from "../ui";
import { changeColumns } from "./changes";
import { Verdict } from "./lists/verdict";
import { Commits } from "./record/commits";
import { EvidenceList, RecordLink, shortId, Why } from "./record/evidence";
import { Findings } from "./record/findings";
import { RecordHead } from "./record/record-head";
import { RecordSkeleton } from "./record/record-skeleton";
import { inOrder, Timeline, type Step } from "./record/timeline";

type Explained = Schema<"DeploymentExplanation">;
type Deployment = Schema<"Deployment">;

export function DeploymentPage() {
  const { _splat: id = "" } = useParams({ from: "/deployments/$" });
  const { tenant } = useFilter();
  const explained = useRest("/api/v1/deployments/{id}", defined({ tenant }) as never, { names: { id } });
  return (
    <Loaded query={explained} skeleton={<RecordSkeleton title={t("page.deployment")} />}>
      {({ data }) => <Explanation deployments={data.deployments} id={id} />}
    </Loaded>
  );
}

/** One deployment may be of several services, each of which has its own verdict. */
function Explanation({ deployments, id }: { deployments: Explained[]; id: string }) {
  const [chosen, choose] = useState<string>();
  const shown = deployments.find(({ service }) => service === chosen) ?? deployments[0];
  if (shown === undefined) return <NotThere id={id} />;
  const deployment = shown.deployment ?? undefined;
  const kicker = (
    <>
      {t("page.deployment")} · <Link to="/services/$" params={{ _splat: shown.service }}>{shown.service}</Link>
      {deployment?.environment !== null && deployment !== undefined && ` · ${deployment.environment}`}
    </>
  );
  return (
    <div className="stack">
      <RecordHead title={deployment?.name ?? shortId(shown.id)} kicker={kicker} id={shown.id} url={deployment?.url} state={deployment !== undefined && <Verdict deployment={deployment} />} />
      {deployments.length > 1 && <Segments label={t("lists.service")} value={shown.service} options={deployments.map(({ service }) => ({ value: service, text: service }))} onChange={choose} />}
      <OfService explained={shown} />
    </div>
  );
}

function OfService({ explained }: { explained: Explained }) {
  const { deployment, why, changes, commits, findings, shortened, measured } = explained;
  const navigate = useNavigate();
  return (
    <div className="stack">
      {deployment !== null && deployment !== undefined && <Stats deployment={deployment} previous={explained.previous ?? null} />}
      <div className="split">
        <div className="stack">
          {deployment !== null && deployment !== undefined && (
            <Card title={t("record.timeline")}>
              <Timeline title={t("record.timeline")} steps={stepsOf(explained, deployment)} />
            </Card>
          )}
          <Card title={t("record.carried_changes")} note={shortened ? t("record.shortened") : undefined} flush>
            <Table
              title={t("record.carried_changes")}
              columns={changeColumns(true)}
              rows={changes}
              rowKey={(change) => change.id}
              sort={{ id: "lead_time", desc: true }}
              onOpen={(change) => void navigate({ to: "/changes/$", params: { _splat: change.id } })}
              empty={t(measured ? "record.carried_none" : "record.not_measured")}
            />
          </Card>
          <Commits commits={commits} shortened={shortened} />
        </div>
        <Reasons deployment={deployment ?? undefined} why={why} findings={findings} />
      </div>
    </div>
  );
}

function Reasons({ deployment, why, findings }: { deployment: Deployment | undefined; why: string[]; findings: Schema<"Finding">[] }) {
  return (
    <div className="stack">
      {deployment?.failed === true && (
        <Card title={t("record.why_failed")} data-part="failed">
          <EvidenceList evidence={deployment.failed_by} />
        </Card>
      )}
      {deployment?.recovered_by !== null && deployment?.recovered_by !== undefined && (
        <Card title={t("record.what_recovered")}>
          <EvidenceList evidence={[deployment.recovered_by]} />
        </Card>
      )}
      {deployment?.rework === true && (
        <Card title={t("record.why_rework")}>
          <EvidenceList evidence={deployment.rework_by} />
        </Card>
      )}
      <Card title={t("record.why_counted")}>
        <Why sentences={why} />
      </Card>
      <Findings findings={findings} />
    </div>
  );
}

function Stats({ deployment, previous }: { deployment: Deployment; previous: Deployment | null }) {
  const { finished_at, recovered_at, failed, changes, commits, kind, id } = deployment;
  const recovery = secondsBetween(finished_at, recovered_at);
  const since = secondsBetween(previous?.finished_at, finished_at);
  return (
    <Card>
      <div className="grid record-stats">
        <Stat label={t("lists.changes")} note={t("record.commits_n", { n: commits })}>
          {changes === 0 ? "0" : <Link to="/changes" search={{ deployment: id, window: "all" }}>{formatNumber(changes)}</Link>}
        </Stat>
        <Stat label={t("record.recovery")} note={t(failed ? "record.recovery_note" : "record.did_not_fail")}>
          <Value value={recovery} unit="seconds" why={t(failed ? "record.not_recovered" : "record.did_not_fail")} />
        </Stat>
        <Stat label={t("record.since_previous")} note={previous === null ? t("record.first") : <RecordLink id={previous.id} what="deployment">{previous.name ?? shortId(previous.id)}</RecordLink>}>
          <Value value={since} unit="seconds" why={t("record.first")} />
        </Stat>
        <Stat label={t("lists.kind")} note={t(`evidence_of.${deployment.source}` as Key)}>
          {t(`kind.${kind}` as Key)}
        </Stat>
      </div>
    </Card>
  );
}

function stepsOf({ changes }: Explained, deployment: Deployment): Step[] {
  const times = (name: "started_at" | "merged_at") => changes.flatMap((change) => (change[name] === null || change[name] === undefined ? [] : [{ change, at: change[name] }])).sort((left, right) => (left.at < right.at ? -1 : 1));
  const begun = times("started_at")[0];
  const merged = times("merged_at").at(-1);
  const steps: Step[] = [];
  if (begun !== undefined) steps.push({ id: "begun", name: t("step.first_commit"), at: begun.at, children: <RecordLink id={begun.change.id} what="change">{begun.change.title}</RecordLink> });
  if (merged !== undefined) steps.push({ id: "merged", name: t("step.last_merged"), at: merged.at, children: <RecordLink id={merged.change.id} what="change">{merged.change.title}</RecordLink> });
  steps.push({ id: "deployed", name: t("step.deployed"), at: deployment.finished_at, tone: deployment.failed ? "bad" : "good", children: deployment.environment });
  for (const evidence of deployment.failed_by) {
    steps.push({ id: `${evidence.rule} ${evidence.id}`, name: t(`met.${evidence.what === "change" && evidence.rule === "hotfixed" ? "hotfix" : evidence.what}` as Key), at: evidence.at, tone: "bad", children: <RecordLink id={evidence.id} what={evidence.what} /> });
  }
  if (deployment.failed) {
    const by = deployment.recovered_by ?? undefined;
    steps.push({ id: "recovered", name: t("step.recovered"), at: deployment.recovered_at, why: t("record.not_recovered"), tone: "good", children: by !== undefined && <RecordLink id={by.id} what={by.what} /> });
  }
  return inOrder(steps);
}

function NotThere({ id }: { id: string }) {
  return (
    <>
      <PageHead title={t("page.deployment")} />
      <Card>
        <Empty title={t("record.not_there")} action={<Link to="/deployments">{t("record.to_list")}</Link>}>
          <code>{id}</code>
        </Empty>
      </Card>
    </>
  );
}
