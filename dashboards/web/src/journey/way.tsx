import { Link } from "@tanstack/react-router";
import type { JourneyDeployment, JourneyRun, JourneyService, JourneyWay } from "../data/journey";
import { secondsBetween } from "../format/time";
import { formatDuration } from "../format/value";
import { t } from "../i18n/t";
import { Badge, Card, ExternalLink, Icon, Moment, Sentence, SourceLink, type Tone } from "../ui";
import { targetOf } from "./hit";
import { Steps } from "./steps";

/** The way of one change, commit or version: its steps, its CI runs, and each environment of each service that had it. */
export function Way({ way, isAlone = false }: { way: JourneyWay; isAlone?: boolean }) {
  return (
    <Card
      title={isAlone ? t("journey.way") : <Link {...targetOf(way)}>{way.title}</Link>}
      note={isAlone ? undefined : way.id}
      actions={isAlone ? undefined : <WayActions way={way} />}
      data-way={way.id}
    >
      <Steps steps={way.steps} label={t("journey.steps_of", { title: way.title })} />
      {way.runs.length > 0 && (
        <div className="runs">
          <span className="runs-head">{t("journey.runs")}</span>
          <Runs runs={way.runs} />
        </div>
      )}
      <ServiceWays way={way} />
    </Card>
  );
}

/** The environments that have it, of each service; that of `first` before the others. */
export function ServiceWays({ way: { services }, first }: { way: JourneyWay; first?: string }) {
  const sorted = first === undefined ? services : [...services].sort((one, other) => Number(other.service === first) - Number(one.service === first));
  return (
    <>
      {sorted.map((service) => (
        <ServiceWay key={service.service} service={service} />
      ))}
      {services.length === 0 && <p className="note">{t("journey.no_service")}</p>}
    </>
  );
}

const STATE_TONE: Record<string, Tone> = { open: "info", merged: "good", abandoned: "neutral" };

function WayActions({ way: { state, url } }: { way: JourneyWay }) {
  return (
    <>
      {state !== null && <Badge tone={STATE_TONE[state]}>{t(`journey.state_${state}`)}</Badge>}
      <SourceLink url={url} />
    </>
  );
}

/** The runs of CI on the commit by which a change was merged, or on its newest while it is open. */
export function Runs({ runs }: { runs: JourneyRun[] }) {
  return (
    <ul className="row plain-list">
      {runs.map((run) => (
        <li key={run.id}>
          <Badge tone={outcomeTone(run.outcome)}>
            <ExternalLink to={run.url}>{run.name}</ExternalLink>
            <span>{t(`outcome.${run.outcome ?? "running"}`)}</span>
            {run.started_at !== null && run.finished_at !== null && <span>{formatDuration(secondsBetween(run.started_at, run.finished_at))}</span>}
          </Badge>
        </li>
      ))}
    </ul>
  );
}

/** The color of how a run ended. */
export function outcomeTone(outcome: string | null): Tone {
  return { success: "good", failure: "bad", neither: "neutral" }[outcome ?? ""] as Tone | undefined ?? "info";
}

function ServiceWay({ service }: { service: JourneyService }) {
  return (
    <section className="service-way" aria-label={service.service}>
      <h3>
        <Link to="/services/$" params={{ _splat: service.service }}>
          {service.service}
        </Link>
      </h3>
      {service.deployments.length === 0 && <p className="note">{t("journey.nowhere")}</p>}
      {service.deployments.length > 0 && (
        <ul className="environments plain-list">
          {service.deployments.map((deployment) => (
            <Environment key={deployment.id} deployment={deployment} />
          ))}
        </ul>
      )}
      {service.why.map((text) => (
        <p key={text} className="note">
          <Sentence text={text} />
        </p>
      ))}
    </section>
  );
}

function Environment({ deployment }: { deployment: JourneyDeployment }) {
  const { id, name, environment, is_production, is_first_in_production, is_still_there, finished_at, failed, restored_at, incidents } = deployment;
  return (
    <li className={`environment ${is_production ? "environment-production" : ""}`}>
      <span className="environment-name">
        <Badge tone={is_production ? "good" : "info"}>{environment ?? t(is_production ? "journey.production" : "journey.no_environment")}</Badge>
      </span>
      <Link to="/deployments/$" params={{ _splat: id }}>
        {name ?? id}
      </Link>
      <Moment at={finished_at} isExact />
      <span className="row environment-notes">
        {is_first_in_production && <Badge tone="good">{t("record.first_in_production")}</Badge>}
        {is_still_there ? <Badge>{t("journey.still_there")}</Badge> : <Badge tone="warn">{t("journey.not_there")}</Badge>}
        {failed === true && <Badge tone="bad">{t("journey.failed")}</Badge>}
        {restored_at !== null && <Badge tone="good">{t("journey.restored", { time: formatDuration(secondsBetween(finished_at, restored_at)) })}</Badge>}
      </span>
      {incidents.map((incident) => (
        <p key={incident.id} className="environment-incident">
          <Icon name="incident" size={15} />
          <Link to="/incidents/$" params={{ _splat: incident.id }}>
            {incident.title}
          </Link>
          <span className="note">
            <Moment at={incident.detected_at} isExact />
            {" · "}
            {incident.resolved_at === null ? t("journey.incident_open") : t("journey.incident_took", { time: formatDuration(secondsBetween(incident.detected_at, incident.resolved_at)) })}
          </span>
        </p>
      ))}
    </li>
  );
}
