import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { SearchBox } from "../app/search-box";
import { useFilter } from "../data/filter";
import type { HitKind } from "../data/journey";
import { useMetrics } from "../data/queries";
import type { MetricAnswer } from "../data/types";
import { formatWindow } from "../format/time";
import { t } from "../i18n/t";
import { Card, Empty, Loaded, PageHead, Select, Skeleton, Tabs } from "../ui";
import { FlowTab } from "./product/flow";
import { ItemsTab } from "./product/items";
import { SprintsTab } from "./product/sprints";
import "./product.css";

const SHIPPED: readonly HitKind[] = ["work_item", "change", "commit", "release", "deployment"];

/** Work items: how they flow, which there are, sprints; and when something shipped. */
export function ProductPage() {
  const { project, tab = "flow" } = useSearch({ from: "/product" });
  const navigate = useNavigate();
  const projects = useMetrics(["item_throughput", "items_in_progress"], { by: "repository", series: false });
  const answer = projects.data?.data[0];
  const names = [...new Set(projects.data?.data.flatMap(({ slices }) => slices.flatMap(({ slice }) => (slice === null || slice === undefined ? [] : [slice]))) ?? [])].sort();
  const show = (changes: Record<string, string | undefined>) => void navigate({ to: ".", search: (search: object) => ({ ...search, ...changes }), resetScroll: false } as never);
  return (
    <>
      <PageHead
        title={t("page.product")}
        note={answer === undefined ? " " : formatWindow(answer.window)}
        actions={
          // its place is kept until they are known
          (projects.isPending || names.length > 0) && (
            <Select
              label={t("product.project")}
              isCompact
              value={project ?? ""}
              onChange={(value) => show({ project: value === "" ? undefined : value })}
              groups={[{ options: [{ value: "", text: t("product.project_all") }, ...names.map((name) => ({ value: name, text: name }))] }]}
            />
          )
        }
      />
      <section className="ship-search" aria-label={t("product.ship")}>
        <h2>{t("product.ship")}</h2>
        <div>
          <SearchBox label={t("product.ship")} placeholder={t("product.ship_placeholder")} kinds={SHIPPED} isLarge />
          <p className="note">{t("product.ship_note")}</p>
        </div>
      </section>
      <Loaded query={projects} skeleton={<Skeleton height={420} />}>
        {({ data }) =>
          isNothing(data) && project === undefined ? (
            <NoItems />
          ) : (
            <Tabs
              label={t("product.tabs")}
              open={tab}
              onOpen={(id) => show({ tab: id === "flow" ? undefined : id, sprint: undefined })}
              tabs={[
                { id: "flow", title: t("product.tab_flow"), content: <FlowTab project={project} projects={data} /> },
                { id: "items", title: t("product.tab_items"), content: <ItemsTab project={project} /> },
                { id: "sprints", title: t("product.tab_sprints"), content: <SprintsTab project={project} /> },
              ]}
            />
          )
        }
      </Loaded>
    </>
  );
}

/** Whether no item was done in the window, and none is in progress. */
function isNothing(answers: MetricAnswer[]): boolean {
  return answers.every(({ whole }) => whole.value === null || whole.value === undefined || whole.value === 0);
}

function NoItems() {
  const filter = useFilter();
  const scope = filter.service ?? filter.team;
  const all = useMetrics(["item_throughput"], { filter: { ...filter, team: undefined, service: undefined }, series: false, enabled: scope !== undefined });
  const isElsewhere = scope !== undefined && (all.data?.data[0]?.whole.n ?? 0) > 0;
  if (isElsewhere) {
    return (
      <Card>
        <Empty
          icon="product"
          title={t("product.no_scope", { scope })}
          action={
            <Link to="." search={(search) => ({ ...search, team: undefined, service: undefined })}>
              {t("product.whole")}
            </Link>
          }
        >
          {t("product.no_scope_text")}
        </Empty>
      </Card>
    );
  }
  return (
    <Card>
      <Empty icon="product" title={t("product.no_items")} action={<Link to="/sources/connect">{t("empty.connect")}</Link>}>
        {t("product.no_items_text")}
      </Empty>
    </Card>
  );
}
