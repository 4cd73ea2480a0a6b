import { useSearch } from "@tanstack/react-router";
import { useExplored } from "../data/explored";
import { useFilter } from "../data/filter";
import { useDefinitions, useDefinitionsQuery } from "../data/queries";
import { useSetSearch } from "../data/search";
import type { Definition, MetricAnswer } from "../data/types";
import { formatWindow } from "../format/time";
import { t } from "../i18n/t";
import { Card, Empty, Loaded, PageHead, Problem, Skeleton } from "../ui";
import { AddToBoard } from "./explore/add-to-board";
import { CopyLink } from "./explore/copy-link";
import { Controls } from "./explore/controls";
import { DistributionView, hasDistribution } from "./explore/distribution-view";
import { PercentilesView } from "./explore/percentiles-view";
import { SeriesView } from "./explore/series-view";
import { SlicesTable } from "./explore/slices-table";
import { tileOf } from "./explore/tile-of";
import type { View } from "./explore/view";
import { WhyItMoved } from "./explore/why-it-moved";
import { MetricStat } from "./parts/metric-card";
import { ofAnswer } from "./parts/measured";
import "./explore/explore.css";

export function ExplorePage() {
  const { metric = "change_lead_time", by, view: shown, repository, slice } = useSearch({ from: "/explore" });
  const definitions = useDefinitions();
  const { error, refetch } = useDefinitionsQuery();
  const definition = definitions.get(metric);
  const setSearch = useSetSearch();
  const filter = useFilter();
  const view: View = shown === "table" || shown === "distribution" || shown === "percentiles" ? shown : "chart";
  const exploring = { metric, by: definition?.slices.some((one) => one === by) ? by : undefined, repository };
  const answer = useExplored(exploring, { enabled: definition !== undefined });
  const window = answer.data?.data[0]?.window;
  if (definitions.size > 0 && definition === undefined) return <NoSuchMetric metric={metric} onReset={() => setSearch({ metric: undefined })} />;
  return (
    <>
      <PageHead
        title={t("page.explore")}
        note={window === undefined ? " " : formatWindow(window)}
        actions={
          <>
            <CopyLink />
            <AddToBoard tile={definition && tileOf(exploring, view, filter)} />
          </>
        }
      />
      <Controls definition={definition} definitions={[...definitions.values()]} by={exploring.by} view={view} repository={repository} />
      {definition === undefined && error !== null ? <Problem error={error} onRetry={() => void refetch()} /> : <Loaded query={answer} skeleton={<ExploreSkeleton />}>
        {({ data: [shownAnswer] }) => shownAnswer !== undefined && definition !== undefined && <Explored definition={definition} answer={shownAnswer} exploring={exploring} view={view} slice={slice} />}
      </Loaded>}
    </>
  );
}

interface ExploredProps {
  definition: Definition;
  answer: MetricAnswer;
  exploring: { metric: string; by?: string; repository?: string };
  view: View;
  slice: string | undefined;
}

function Explored({ definition, answer, exploring, view, slice }: ExploredProps) {
  const measured = ofAnswer(answer);
  return (
    <div className="stack">
      <Card>
        <div className="explore-head">
          <MetricStat metric={measured} />
          <p className="explore-definition">{definition.definition}</p>
        </div>
        {measured.caveats.length > 0 && (
          <ul className="caveats note">
            {measured.caveats.map(({ code, text }) => (
              <li key={code}>{text.replaceAll("`", "")}</li>
            ))}
          </ul>
        )}
      </Card>
      {view === "distribution" ? (
        hasDistribution(definition) ? <DistributionView exploring={exploring} definition={definition} slice={slice} /> : <NoDistribution definition={definition} />
      ) : (
        <>
          {view === "percentiles" && <PercentilesView answer={answer} exploring={exploring} />}
          {view === "chart" && <SeriesView answer={answer} exploring={exploring} slice={slice} />}
          <SlicesTable answer={answer} slice={slice} />
          {view === "chart" && exploring.repository === undefined && <WhyItMoved definition={definition} answer={answer} />}
        </>
      )}
    </div>
  );
}

function NoDistribution({ definition }: { definition: Definition }) {
  return (
    <Card>
      <Empty title={t("explore.no_distribution")}>{t("explore.no_distribution_text", { title: definition.title })}</Empty>
    </Card>
  );
}

function NoSuchMetric({ metric, onReset }: { metric: string; onReset: () => void }) {
  return (
    <>
      <PageHead title={t("page.explore")} />
      <Card>
        <Empty
          title={t("explore.no_metric")}
          action={
            <button type="button" className="link" onClick={onReset}>
              {t("explore.to_default")}
            </button>
          }
        >
          <code>{metric}</code>
        </Empty>
      </Card>
    </>
  );
}

function ExploreSkeleton() {
  return (
    <div className="stack">
      <Card>
        <Skeleton height={62} />
      </Card>
      <Card>
        <Skeleton height={340} />
      </Card>
      <Card>
        <Skeleton height={200} />
      </Card>
    </div>
  );
}
