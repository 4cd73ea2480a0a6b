import { Link } from "@tanstack/react-router";
import type { Schema } from "../../data/types";
import { t } from "../../i18n/t";
import { Badge, Card, Moment, Sentence, SourceLink } from "../../ui";
import { shortId } from "./evidence";

/** Which environments have a change, with each service: the first deployment to each. */
export function Way({ way, service }: { way: Schema<"JourneyWay">; service: string }) {
  const services = [...way.services].sort((left, right) => Number(right.service === service) - Number(left.service === service));
  const isNowhere = services.every(({ deployments, why }) => deployments.length === 0 && why.length === 0);
  return (
    <Card title={t("record.environments")}>
      {isNowhere && <p className="note">{t("record.no_environment")}</p>}
      {services.map((one) => (
        <section key={one.service} aria-label={one.service}>
          {services.length > 1 && <h3>{one.service}</h3>}
          {one.deployments.length === 0 && one.why.map((text) => <p key={text} className="note"><Sentence text={text} /></p>)}
          <ul className="evidence">
            {one.deployments.map((deployment) => (
              <li key={`${deployment.environment} ${deployment.id}`}>
                <div className="evidence-head">
                  <span className="row">
                    <strong>{deployment.environment ?? t("record.no_environment_name")}</strong>
                    {deployment.is_first_in_production && <Badge tone="good">{t("record.first_in_production")}</Badge>}
                    {!deployment.is_still_there && <Badge tone="warn">{t("record.not_there_anymore")}</Badge>}
                  </span>
                  <Moment at={deployment.finished_at} isExact />
                </div>
                <Link to="/deployments/$" params={{ _splat: deployment.id }}>
                  {deployment.name ?? shortId(deployment.id)}
                </Link>
              </li>
            ))}
          </ul>
        </section>
      ))}
    </Card>
  );
}

/** The runs of CI on the commit by which a change was merged, or on its newest while it is open. */
export function Runs({ runs }: { runs: Schema<"JourneyRun">[] }) {
  if (runs.length === 0) return null;
  return (
    <Card title={t("record.runs")}>
      <ul className="evidence">
        {runs.map(({ id, name, outcome, finished_at, queued_at, url }) => (
          <li key={id} className="review">
            <Badge tone={outcome === "success" ? "good" : outcome === "failure" ? "bad" : "neutral"}>{t(`outcome.${outcome ?? "running"}`)}</Badge>
            <span>{name}</span>
            <Moment at={finished_at ?? queued_at} isExact />
            <SourceLink url={url} />
          </li>
        ))}
      </ul>
    </Card>
  );
}
