import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { compareOf, useFilter } from "../../data/filter";
import { hasParts, type PartBy } from "../../data/moved";
import type { Definition, MetricAnswer } from "../../data/types";
import { t, type Key } from "../../i18n/t";
import { Card } from "../../ui";
import { ContributionList } from "../parts/contributions";

const PARTS: PartBy[] = ["service", "team", "repository", "type"];

/** What contributed to the change since the earlier window: by the chosen slice, or by the first that the metric has. */
export function WhyItMoved({ definition, answer }: { definition: Definition; answer: MetricAnswer }) {
  const filter = useFilter();
  const offered = PARTS.filter((part) => definition.slices.includes(part));
  const by = offered.find((part) => part === answer.by) ?? offered[0];
  const change = answer.whole.compared?.change;
  if (by === undefined || change === null || change === undefined || compareOf(filter) === undefined || !hasParts(definition.name)) return null;
  return (
    <Card title={t("explore.why", { by: t(`slice.${by}` as Key) })}>
      <ContributionList metric={definition.name} by={by} nameOf={(part) => nameOf(part, by)} />
    </Card>
  );
}

function nameOf(part: string, by: PartBy): ReactNode {
  if (by === "service") return <Link to="/services/$" params={{ _splat: part }}>{part}</Link>;
  return by === "team" ? <Link to="/teams/$team" params={{ team: part }}>{part}</Link> : part;
}
