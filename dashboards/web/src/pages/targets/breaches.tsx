import { Link } from "@tanstack/react-router";
import type { TargetResult } from "../../data/targets";
import { formatValue } from "../../format/value";
import { t } from "../../i18n/t";
import { TargetState } from "./mark";
import { targetText } from "./value";
import "./targets.css";

/** Targets that teams miss, by team: by name, no ranking. */
export function Breaches({ results }: { results: TargetResult[] }) {
  const missed = results.filter(({ team, met }) => team !== null && met === false);
  if (missed.length === 0) return null;
  const teams = [...new Set(missed.map(({ team }) => team ?? ""))];
  return (
    <section className="breaches" aria-label={t("target.by_teams")}>
      <h3>{t("target.by_teams")}</h3>
      <ul className="breach-teams">
        {teams.map((team) => (
          <li key={team}>
            <Link to="/teams/$team" params={{ team }}>
              {team}
            </Link>
            <ul>
              {missed.filter((result) => result.team === team).map((result) => (
                <li key={result.metric}>
                  <span>{t("target.is", { title: result.title, value: formatValue(result.value, result.unit) })}</span>
                  <span className="note">{t("target.line", { target: targetText(result.bound, result.target, result.unit) })}</span>
                  <TargetState result={result} />
                </li>
              ))}
            </ul>
          </li>
        ))}
      </ul>
    </section>
  );
}
