import type { Journey, JourneyStep } from "../data/journey";
import { formatAgo, formatTime } from "../format/time";
import { formatDuration } from "../format/value";
import { t } from "../i18n/t";
import { Icon, Sentence } from "../ui";

/** The answer in one sentence: since when it is in production, or how far it came. */
export function ShipVerdict({ journey }: { journey: Pick<Journey, "steps" | "ways"> }) {
  const production = stepOf(journey.steps, "in_production");
  const at = production?.at ?? null;
  const took = timeToProduction(journey.steps);
  if (at !== null) {
    return (
      <p className="ship ship-done">
        <Icon name="check" size={20} />
        <span>
          <strong>{t("journey.shipped", { at: formatTime(at), ago: formatAgo(at) })}</strong>
          {took !== undefined && <span className="ship-note"> {t("journey.took", { time: formatDuration(took) })}</span>}
        </span>
      </p>
    );
  }
  const reached = environmentsOf(journey);
  return (
    <p className="ship ship-open">
      <Icon name="clock" size={20} />
      <span>
        <strong>{t("journey.not_shipped")}</strong> {production?.why !== undefined && production.why !== null && <span className="ship-note">(<Sentence text={production.why} />)</span>}
        {reached.length > 0 && <span className="ship-note"> {t("journey.reached", { environments: reached.join(", ") })}</span>}
      </span>
    </p>
  );
}

/** A step by its name. */
export function stepOf(steps: JourneyStep[], name: string): JourneyStep | undefined {
  return steps.find(({ step }) => step === name);
}

/** From the first commit to production; undefined while one of them is not known, or where the order is another. */
export function timeToProduction(steps: JourneyStep[]): number | undefined {
  const [from, to] = [stepOf(steps, "first_commit")?.at, stepOf(steps, "in_production")?.at];
  if (from === undefined || from === null || to === undefined || to === null) return undefined;
  const seconds = (Date.parse(to) - Date.parse(from)) / 1000;
  return seconds > 0 ? seconds : undefined;
}

/** The environments that have any of it, without production. */
export function environmentsOf({ ways }: Pick<Journey, "ways">): string[] {
  const all = ways.flatMap(({ services }) => services).flatMap(({ deployments }) => deployments);
  const names = all.flatMap(({ environment, is_production }) => (environment === null || is_production ? [] : [environment]));
  return [...new Set(names)].sort();
}
