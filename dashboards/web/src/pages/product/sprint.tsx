import { Link } from "@tanstack/react-router";
import { deliveryOf } from "../../data/delivery";
import { ITEMS_MAX, useSprint, type WholeSprint } from "../../data/sprints";
import { secondsBetween } from "../../format/time";
import { formatNumber } from "../../format/value";
import { t } from "../../i18n/t";
import { Badge, Card, Empty, Loaded, Skeleton, SourceLink, Stat } from "../../ui";
import { ItemTable, type ListedItem } from "./item-table";
import { Dates, DoneBar } from "./sprint-parts";

/** A sprint: what it delivered, and the items that are in it. */
export function SprintDetail({ id }: { id: string }) {
  const query = useSprint(id);
  return (
    <div className="stack">
      <p>
        <Link to="/product" search={{ tab: "sprints" }}>
          {t("product.sprint_close")}
        </Link>
      </p>
      <Loaded query={query} skeleton={<Skeleton height={360} />}>
        {({ node }) => (node?.__typename === "Sprint" ? <Whole sprint={node} /> : <Empty title={t("problem.not_found")} />)}
      </Loaded>
    </div>
  );
}

function Whole({ sprint }: { sprint: WholeSprint }) {
  const { name, goal, completedAt, url, items } = sprint;
  const { done, all, pointsDone, points, added } = deliveryOf(sprint, items.nodes);
  return (
    <div className="stack">
      <Card
        title={name}
        data-part="sprint"
        note={<Dates sprint={sprint} />}
        actions={
          <>
            {completedAt === null && <Badge tone="info">{t("product.sprint_open")}</Badge>}
            <SourceLink url={url} />
          </>
        }
      >
        {goal !== null && <p>{t("product.sprint_goal", { goal })}</p>}
        <div className="grid">
          <Stat label={t("product.sprint_done")}>
            <DoneBar done={done} all={all} />
          </Stat>
          <Stat label={t("product.sprint_points")}>{pointsDone === null || points === null ? "–" : t("product.sprint_of", { done: formatNumber(pointsDone), all: formatNumber(points) })}</Stat>
          <Stat label={t("product.sprint_added")} note={t("product.sprint_added_text")}>
            {formatNumber(added)}
          </Stat>
        </div>
        {items.totalCount > ITEMS_MAX && <p className="note">{t("product.sprint_more", { n: ITEMS_MAX, all: items.totalCount })}</p>}
      </Card>
      <Card title={t("product.sprint_items")} flush>
        <ItemTable rows={items.nodes.map(listed)} isSortable />
      </Card>
    </div>
  );
}

function listed(item: WholeSprint["items"]["nodes"][number]): ListedItem {
  const { key, reference, title, kind, status, createdAt, startedAt, doneAt } = item;
  const seconds = secondsBetween(startedAt, doneAt);
  return { id: key, key: reference, title, kind, status, created_at: createdAt, started_at: startedAt, done_at: doneAt, seconds, is_slow: null };
}
