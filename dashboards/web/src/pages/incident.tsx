import { Link, useParams } from "@tanstack/react-router";
import { Fragment } from "react";
import { useFilter } from "../data/filter";
import { graphql, useGraph, type ResultOf } from "../data/graphql";
import { defined, useRest } from "../data/queries";
import type { Schema } from "../data/types";
import { secondsBetween } from "../format/time";
import { formatNumber } from "../format/value";
import { t } from "../i18n/t";
import { Badge, Card, Empty, Loaded, PageHead, Stat, Value } from "../ui";
import { Severity, Verdict } from "./lists/verdict";
import { EvidenceList, RecordLink, shortId } from "./record/evidence";
import { RecordHead } from "./record/record-head";
import { RecordSkeleton } from "./record/record-skeleton";
import { inOrder, Timeline, type Step } from "./record/timeline";

const FOUND = graphql(`
  query IncidentsCalled($text: String!) {
    incidents(first: 200, question: { search: $text, window: "all" }) {
      nodes {
        id
        key
      }
    }
  }
`);

const INCIDENT = graphql(`
  query Incident($id: ID!) {
    node(id: $id) {
      __typename
      ... on Incident {
        key
        title
        severity
        detectedAt
        acknowledgedAt
        resolvedAt
        externalCause
        url
        services {
          restoreSeconds
          service {
            name
          }
          deployment {
            key
            name
            finishedAt
          }
        }
        causedByChange {
          key
          title
        }
        causedByDeployments {
          key
          name
        }
        fixedByDeployments {
          key
          name
          finishedAt
        }
      }
    }
  }
`);

type Incident = Extract<NonNullable<ResultOf<typeof INCIDENT>["node"]>, { __typename: "Incident" }>;

export function IncidentPage() {
  const { _splat: id = "" } = useParams({ from: "/incidents/$" });
  const found = useGraph(FOUND, { text: id }, { kinds: ["incident"] });
  const node = found.data?.incidents.nodes.find(({ key }) => key === id)?.id;
  const incident = useGraph(INCIDENT, { id: node ?? "" }, { kinds: ["incident", "deployment"], enabled: node !== undefined });
  const isMissing = found.data !== undefined && !found.isPlaceholderData && node === undefined;
  if (isMissing) return <NotThere id={id} />;
  return (
    <Loaded query={found.data === undefined ? (found as unknown as typeof incident) : incident} skeleton={<RecordSkeleton title={t("page.incident")} />}>
      {({ node: shown }) => (shown?.__typename === "Incident" ? <OfIncident incident={shown} /> : <NotThere id={id} />)}
    </Loaded>
  );
}

function OfIncident({ incident }: { incident: Incident }) {
  const { key, title, severity, resolvedAt, services, url } = incident;
  const [caused] = services.flatMap(({ deployment }) => (deployment === null ? [] : [deployment.key]));
  const kicker = (
    <>
      {t("page.incident")}
      {services.map(({ service }) => service !== null && <Fragment key={service.name}>{" · "}<Link to="/services/$" params={{ _splat: service.name }}>{service.name}</Link></Fragment>)}
    </>
  );
  const state = (
    <>
      <Badge tone={resolvedAt === null ? "bad" : "good"}>{t(resolvedAt === null ? "lists.state_open" : "lists.state_resolved")}</Badge>
      <Severity severity={severity} />
    </>
  );
  return (
    <div className="stack">
      <RecordHead title={title} kicker={kicker} id={key} url={url} state={state} />
      {caused === undefined ? <Details incident={incident} cause={undefined} /> : <WithCause incident={incident} deployment={caused} />}
    </div>
  );
}

/** The incident with the deployment that it marks as failed. */
function WithCause({ incident, deployment }: { incident: Incident; deployment: string }) {
  const { tenant } = useFilter();
  const explained = useRest("/api/v1/deployments/{id}", defined({ tenant }) as never, { names: { id: deployment } });
  const names = incident.services.map(({ service }) => service?.name);
  const all = explained.data?.data.deployments ?? [];
  return (
    <>
      <Details incident={incident} cause={all.find(({ service }) => names.includes(service)) ?? all[0]} />
      {explained.error !== null && <Loaded query={explained}>{() => null}</Loaded>}
    </>
  );
}

function Details({ incident, cause }: { incident: Incident; cause: Schema<"DeploymentExplanation"> | undefined }) {
  const deployment = cause?.deployment ?? undefined;
  return (
    <div className="stack">
      <Stats incident={incident} />
      <div className="split">
        <Card title={t("record.timeline")}>
          <Timeline title={t("record.timeline")} steps={stepsOf(incident, cause)} />
        </Card>
        <div className="stack">
          <Cause incident={incident} deployment={deployment} />
          {deployment !== undefined && deployment.failed_by.length > 0 && (
            <Card title={t("record.why_failed")}>
              <EvidenceList evidence={deployment.failed_by} />
            </Card>
          )}
          {deployment?.recovered_by !== null && deployment?.recovered_by !== undefined && (
            <Card title={t("record.what_recovered")}>
              <EvidenceList evidence={[deployment.recovered_by]} />
            </Card>
          )}
        </div>
      </div>
    </div>
  );
}

function Stats({ incident }: { incident: Incident }) {
  const { detectedAt, acknowledgedAt, services, resolvedAt } = incident;
  const service = services.length === 1 ? services[0]?.service : undefined;
  const restore = services.find(({ restoreSeconds }) => restoreSeconds !== null)?.restoreSeconds ?? secondsBetween(detectedAt, resolvedAt);
  const carrier = services.find(({ deployment }) => deployment !== null)?.deployment ?? null;
  return (
    <Card>
      <div className="grid record-stats">
        <Stat label={t("lists.restore")} note={t("record.restore_note")}>
          <Value value={restore} unit="seconds" why={t("lists.still_open")} />
        </Stat>
        <Stat label={t("record.acknowledge")} note={t("record.acknowledge_note")}>
          <Value value={secondsBetween(detectedAt, acknowledgedAt)} unit="seconds" why={t("record.not_acknowledged")} />
        </Stat>
        <Stat label={t("record.detect")} note={t("record.detect_note")}>
          <Value value={secondsBetween(carrier?.finishedAt, detectedAt)} unit="seconds" why={t("lists.no_cause")} />
        </Stat>
        <Stat label={t("lists.services")} note={t("record.affected")}>
          {service === null || service === undefined ? formatNumber(services.length) : <Link to="/services/$" params={{ _splat: service.name }}>{service.name}</Link>}
        </Stat>
      </div>
    </Card>
  );
}

function Cause({ incident, deployment }: { incident: Incident; deployment: Schema<"Deployment"> | undefined }) {
  const { externalCause, causedByChange, services } = incident;
  // known before the rest of it is loaded
  const [carrier] = services.flatMap((part) => part.deployment ?? []);
  return (
    <Card title={t("lists.caused_by")}>
      {externalCause && <p>{t("record.external")}</p>}
      {!externalCause && carrier === undefined && causedByChange === null && <p className="note">{t("record.no_cause")}</p>}
      {deployment === undefined && carrier !== undefined && (
        <p className="row">
          <RecordLink id={carrier.key} what="deployment">{carrier.name ?? shortId(carrier.key)}</RecordLink>
        </p>
      )}
      {deployment !== undefined && (
        <p className="row">
          <RecordLink id={deployment.id} what="deployment">
            {deployment.service} {deployment.name ?? shortId(deployment.id)}
          </RecordLink>
          <Verdict deployment={deployment} />
        </p>
      )}
      {deployment !== undefined && deployment.changes > 0 && (
        <p>
          <Link to="/changes" search={{ deployment: deployment.id, window: "all" }}>
            {t("record.its_changes", { n: deployment.changes })}
          </Link>
        </p>
      )}
      {causedByChange !== null && (
        <p>
          {t("record.named_change")} <RecordLink id={causedByChange.key} what="change">{causedByChange.title}</RecordLink>
        </p>
      )}
    </Card>
  );
}

function stepsOf(incident: Incident, cause: Schema<"DeploymentExplanation"> | undefined): Step[] {
  const { detectedAt, acknowledgedAt, resolvedAt, fixedByDeployments } = incident;
  const deployment = cause?.deployment ?? undefined;
  const steps: Step[] = [];
  const begun = (cause?.changes ?? []).flatMap(({ started_at, id, title }) => (started_at === null || started_at === undefined ? [] : [{ started_at, id, title }])).sort((left, right) => (left.started_at < right.started_at ? -1 : 1))[0];
  if (begun !== undefined) steps.push({ id: "begun", name: t("step.first_commit"), at: begun.started_at, children: <RecordLink id={begun.id} what="change">{begun.title}</RecordLink> });
  if (deployment !== undefined) steps.push({ id: "deployed", name: t("step.deployed"), at: deployment.finished_at, tone: "accent", children: <RecordLink id={deployment.id} what="deployment">{deployment.name ?? undefined}</RecordLink> });
  steps.push({ id: "detected", name: t("step.detected"), at: detectedAt, tone: "bad" });
  steps.push({ id: "acknowledged", name: t("step.acknowledged"), at: acknowledgedAt, why: t("record.not_acknowledged") });
  for (const fix of fixedByDeployments) steps.push({ id: fix.key, name: t("step.fix"), at: fix.finishedAt, tone: "accent", children: <RecordLink id={fix.key} what="deployment">{fix.name ?? undefined}</RecordLink> });
  const by = deployment?.recovered_by ?? undefined;
  if (by !== undefined && by.what === "deployment") steps.push({ id: "recovered", name: t("step.recovered"), at: by.at, tone: "good", children: <RecordLink id={by.id} what="deployment" /> });
  steps.push({ id: "resolved", name: t("step.resolved"), at: resolvedAt, why: t("lists.still_open"), tone: resolvedAt === null ? undefined : "good" });
  return inOrder(steps);
}

function NotThere({ id }: { id: string }) {
  return (
    <>
      <PageHead title={t("page.incident")} />
      <Card>
        <Empty title={t("record.not_there")} action={<Link to="/incidents">{t("record.to_list")}</Link>}>
          <code>{id}</code>
        </Empty>
      </Card>
    </>
  );
}
