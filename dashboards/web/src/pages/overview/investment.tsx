import { Link } from "@tanstack/react-router";
import { useMetrics } from "../../data/queries";
import type { MetricAnswer } from "../../data/types";
import { t, tOr } from "../../i18n/t";
import { Card, Empty, Loaded, MetricInfo, Skeleton } from "../../ui";
import { answerOf, ofAnswer } from "../parts/measured";
import { ShareBar, type Share } from "../parts/share-bar";
import { BY_TYPE } from "./questions";

/** Where work goes: work items done and changes merged, by type. */
export function Investment() {
  const answers = useMetrics(BY_TYPE, { by: "type", series: false });
  return (
    <Card title={t("overview.investment")} note={t("overview.investment_note")} actions={<Link to="/explore" search={{ metric: "investment", by: "type" }}>{t("overview.over_time")}</Link>}>
      <Loaded query={answers} skeleton={<Skeleton height={300} />}>
        {({ data }) => {
          const parts = ["investment", "change_throughput"].map((name) => answerOf(data, name)).filter((answer) => answer !== undefined && answer.whole.n > 0);
          if (parts.length === 0) return <Empty title={t("empty.filter")}>{t("overview.no_items_text")}</Empty>;
          return (
            <div className="stack">
              {parts.map((answer) => answer !== undefined && <Types key={answer.metric.name} answer={answer} />)}
            </div>
          );
        }}
      </Loaded>
    </Card>
  );
}

function Types({ answer }: { answer: MetricAnswer }) {
  const name = answer.metric.name;
  const title = t(name === "investment" ? "overview.items_by_type" : "overview.changes_by_type");
  return (
    <section aria-label={title}>
      <h3>
        {title}
        <MetricInfo metric={name} answer={ofAnswer(answer)} />
      </h3>
      <ShareBar title={title} shares={sharesOf(answer)} heads={{ name: t("overview.type"), share: t("chart.share"), before: t("overview.before"), n: t("chart.count") }} />
    </section>
  );
}

/** Each type with its share of the whole, the largest first. */
function sharesOf({ whole, slices }: MetricAnswer): Share[] {
  const before = whole.compared?.n ?? 0;
  const shares = slices.map(({ slice, n, compared }) => ({
    name: tOr(`change_type.${slice ?? "none"}`, slice ?? t("parts.none_of_them")),
    share: whole.n === 0 ? 0 : n / whole.n,
    n,
    before: before === 0 || compared === null || compared === undefined ? null : compared.n / before,
  }));
  return shares.sort((one, other) => other.share - one.share);
}
