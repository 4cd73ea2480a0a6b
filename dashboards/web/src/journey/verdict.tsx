import type { Journey } from "../data/journey";
import { formatAgo, formatTime } from "../format/time";
import { formatDuration } from "../format/value";
import { t } from "../i18n/t";
import { Icon, Sentence } from "../ui";
import { environmentsOf, stepOf, timeToProduction } from "./timing";

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
