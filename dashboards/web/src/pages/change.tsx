import { Link, useParams } from "@tanstack/react-router";
import { useState } from "react";
import { Waterfall } from "../charts/waterfall";
import { useFilter } from "../data/filter";
import { defined, useRest } from "../data/queries";
import type { Schema } from "../data/types";
import { formatNumber } from "../format/value";
import { t, type Key } from "../i18n/t";
import { Runs, ServiceWays } from "../journey/way";
import { Badge, Card, Empty, Loaded, PageHead, Segments, Stat, Value } from "../ui";
import { STAGES, stageSeconds } from "./lists/stage-bar";
import { Verdict } from "./lists/verdict";
import { Commits } from "./record/commits";
import { RecordLink, shortId, Why } from "./record/evidence";
import { Findings } from "./record/findings";
import { RecordHead } from "./record/record-head";
import { RecordSkeleton } from "./record/record-skeleton";
import { Reviews } from "./record/reviews";
import { inOrder, Timeline, type Step } from "./record/timeline";

type Explained = Schema<"ChangeExplanation">;
type Journey = Schema<"Answer_Journey">["data"];

export function ChangePage() {
  const { _splat: id = "" } = useParams({ from: "/changes/$" });
  const { tenant } = useFilter();
  const explained = useRest("/api/v1/changes/{id}", defined({ tenant }) as never, { names: { id } });
  return (
    <Loaded query={explained} skeleton={<RecordSkeleton title={t("page.change")} />}>
      {({ data }) => <Explanation changes={data.changes} id={id} />}
    </Loaded>
  );
}

/** A change may reach production with several services, each at its own time. */
function Explanation({ changes, id }: { changes: Explained[]; id: string }) {
  const [chosen, choose] = useState<string>();
  const shown = changes.find(({ service }) => service === chosen) ?? changes[0];
  if (shown === undefined) return <NotThere id={id} />;
  const isCommit = shown.id.includes("@");
  const kicker = (
    <>
      {t(isCommit ? "lists.direct_commit" : "page.change")} · <Link to="/services/$" params={{ _splat: shown.service }}>{shown.service}</Link>
    </>
  );
  const state = shown.change === null ? <Badge tone="warn">{t("record.not_in_production")}</Badge> : <Badge tone="good">{t("record.in_production")}</Badge>;
  return (
    <div className="stack">
      <RecordHead title={shown.title} kicker={kicker} id={shown.id} url={shown.url} state={state} />
      {changes.length > 1 && <Segments label={t("lists.service")} value={shown.service} options={changes.map(({ service }) => ({ value: service, text: service }))} onChange={choose} />}
      <OfService explained={shown} isCommit={isCommit} />
    </div>
  );
}

function OfService({ explained, isCommit }: { explained: Explained; isCommit: boolean }) {
  const { id, change, commits, shortened, why, findings, deployment } = explained;
  const { tenant } = useFilter();
  const journey = useRest("/api/v1/journey", defined({ tenant, kind: isCommit ? "commit" : "change", id }) as never);
  const way = (journey.data?.data as Journey | undefined)?.ways[0];
  return (
    <div className="stack">
      {change !== null && change !== undefined && <Stats change={change} deployment={deployment ?? null} />}
      <div className="split">
        <div className="stack">
          <Card title={t("record.timeline")}>
            <Timeline title={t("record.timeline")} steps={stepsOf(explained, way)} />
          </Card>
          {change !== null && change !== undefined && (
            <Card title={t("record.stages")}>
              <Waterfall title={t("record.stages")} stages={STAGES.map((stage) => ({ id: stage, name: t(`value.${stage}` as Key), seconds: stageSeconds(change.stages, stage) }))} />
            </Card>
          )}
          <Commits commits={commits} shortened={shortened} note={change !== null && commits.length > change.commits ? t("record.with_merge") : undefined} />
        </div>
        <div className="stack">
          <Loaded query={journey}>
            {() =>
              way !== undefined && (
                <Card title={t("record.environments")}>
                  <ServiceWays way={way} first={explained.service} />
                </Card>
              )
            }
          </Loaded>
          <Card title={t("record.why_counted")}>
            <Why sentences={why} />
          </Card>
          {!isCommit && <Reviews change={id} />}
          {way !== undefined && way.runs.length > 0 && (
            <Card title={t("record.runs")}>
              <Runs runs={way.runs} />
            </Card>
          )}
          <Findings findings={findings} />
        </div>
      </div>
    </div>
  );
}

function Stats({ change, deployment }: { change: Schema<"Change">; deployment: Schema<"Deployment"> | null }) {
  return (
    <Card>
      <div className="grid record-stats">
        <Stat label={t("lists.lead_time")} note={t(change.excluded ? "record.lead_time_excluded" : "record.lead_time_note")}>
          <Value value={change.lead_time_seconds} unit="seconds" why={t("lists.no_lead_time")} />
        </Stat>
        <Stat label={t("value.review")} note={t("record.review_note")}>
          <Value value={change.stages.review_seconds} unit="seconds" why={t("record.no_review")} />
        </Stat>
        <Stat label={t("lists.commits")}>{formatNumber(change.commits)}</Stat>
        <Stat label={t("lists.deployment")} note={deployment !== null && <Verdict deployment={deployment} />}>
          <RecordLink id={change.deployment} what="deployment">{deployment?.name ?? shortId(change.deployment).split("/").slice(-1)[0]}</RecordLink>
        </Stat>
      </div>
    </Card>
  );
}

function stepsOf({ change, deployment }: Explained, way: Schema<"JourneyWay"> | undefined): Step[] {
  if (change === null || change === undefined) {
    return (way?.steps ?? []).map(({ step, at, why }) => ({ id: step, name: t(`step.${step}` as Key), at, why }));
  }
  const steps: Step[] = [
    { id: "first_commit", name: t("step.first_commit"), at: change.started_at },
    { id: "opened", name: t("step.opened"), at: change.opened_at },
  ];
  if (change.ready_at !== null && change.ready_at !== undefined) steps.push({ id: "ready", name: t("step.ready"), at: change.ready_at });
  steps.push({ id: "first_review", name: t("step.first_review"), at: change.first_review_at, why: t("record.no_review") });
  steps.push({ id: "approved", name: t("step.approved"), at: change.approved_at, why: t("record.no_approval") });
  steps.push({ id: "merged", name: t("step.merged"), at: change.merged_at });
  const kept = change.is_commit ? steps.filter(({ id }) => id === "first_commit") : steps;
  kept.push({ id: "deployed", name: t("step.in_production"), at: change.deployed_at, tone: "accent", children: <RecordLink id={change.deployment} what="deployment">{deployment?.name}</RecordLink> });
  if (deployment?.failed === true) {
    const [cause] = deployment.failed_by;
    kept.push({ id: "failed", name: t("step.failed"), at: cause?.at, tone: "bad", children: cause !== undefined && <RecordLink id={cause.id} what={cause.what} /> });
    kept.push({ id: "recovered", name: t("step.recovered"), at: deployment.recovered_at, why: t("record.not_recovered"), tone: "good", children: deployment.recovered_by !== null && deployment.recovered_by !== undefined && <RecordLink id={deployment.recovered_by.id} what={deployment.recovered_by.what} /> });
  }
  return inOrder(kept);
}

function NotThere({ id }: { id: string }) {
  return (
    <>
      <PageHead title={t("page.change")} />
      <Card>
        <Empty title={t("record.not_there")} action={<Link to="/changes">{t("record.to_list")}</Link>}>
          <code>{id}</code>
        </Empty>
      </Card>
    </>
  );
}
