import { Link, useParams } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { graphql, useGraph, type ResultOf } from "../data/graphql";
import { useJourney, type Journey } from "../data/journey";
import { formatDuration, formatNumber } from "../format/value";
import { t } from "../i18n/t";
import { Steps } from "../journey/steps";
import { ShipVerdict } from "../journey/verdict";
import { Way } from "../journey/way";
import { Badge, Card, Empty, Loaded, Moment, PageHead, Skeleton, SourceLink, type Tone } from "../ui";
import { RawEvents } from "./record/raw-events";
import "./item.css";

const ITEM = graphql(`
  query Item($id: String!) {
    search(text: $id, kinds: [WORK_ITEM], first: 10) {
      key
      node {
        __typename
        ... on WorkItem {
          key reference title project kind status statusCategory canceled points labels url createdAt startedAt doneAt
          assignee { key }
          parent { key reference title }
          children(first: 50) { nodes { key reference title } }
          sprints { id name }
          history(first: 100) { nodes { key at fromStatus toStatus toCategory } }
        }
      }
    }
  }
`);

type Found = ResultOf<typeof ITEM>["search"][number];
type Item = Extract<NonNullable<Found["node"]>, { __typename: "WorkItem" }>;

/** A work item: its way from the first status to each environment, and what its source says about it. */
export function ItemPage() {
  const { _splat: id = "" } = useParams({ from: "/items/$" });
  const journey = useJourney("work_item", id);
  const found = useGraph(ITEM, { id }, { kinds: ["metrics"] });
  const node = found.data?.search.find(({ key }) => key === id)?.node;
  const item = node?.__typename === "WorkItem" ? node : undefined;
  return (
    <>
      <PageHead
        kicker={`${t("page.item")} ${item?.reference ?? id.split("/").at(-1) ?? ""}`}
        title={journey.data?.data.title ?? id}
        actions={
          <>
            <SourceLink url={item?.url} />
            <RawEvents fact={id} />
          </>
        }
      />
      <div className="split">
        <Loaded query={journey} skeleton={<ItemSkeleton />}>
          {({ data }) => <ItemJourney journey={data} />}
        </Loaded>
        {item === undefined ? <Aside isLoading={found.isPending} /> : <About item={item} />}
      </div>
    </>
  );
}

function ItemJourney({ journey }: { journey: Journey }) {
  const { ways, shortened } = journey;
  return (
    <div className="stack">
      <ShipVerdict journey={journey} />
      <Card title={t("journey.steps")}>
        <Steps steps={journey.steps} label={t("journey.steps")} />
      </Card>
      {ways.length === 0 ? (
        <Card>
          <Empty icon="change" title={t("item.no_changes")}>
            {t("item.no_changes_text")}
          </Empty>
        </Card>
      ) : (
        <h2>{t("item.changes", { n: ways.length })}</h2>
      )}
      {shortened && <p className="note">{t("item.shortened", { n: ways.length })}</p>}
      {ways.map((way) => (
        <Way key={way.id} way={way} />
      ))}
    </div>
  );
}

const CATEGORY_TONE: Record<string, Tone> = { TO_DO: "neutral", IN_PROGRESS: "info", DONE: "good" };

function About({ item }: { item: Item }) {
  const { kind, project, status, statusCategory, canceled, points, assignee, parent, children, sprints, labels } = item;
  return (
    <div className="stack">
      <Card title={t("item.facts")}>
        <dl className="facts facts-beside">
          <dt>{t("item.status")}</dt>
          <dd>
            <Badge tone={CATEGORY_TONE[statusCategory]}>{status}</Badge> {canceled && <span className="note">{t("item.canceled")}</span>}
          </dd>
          <Durations item={item} />
          <dt>{t("item.type")}</dt>
          <dd>{kind ?? "–"}</dd>
          <dt>{t("item.project")}</dt>
          <dd>
            <Link to="/product" search={{ project, tab: "items" }}>
              {project}
            </Link>
          </dd>
          <dt>{t("item.points")}</dt>
          <dd>{points === null ? "–" : formatNumber(points)}</dd>
          {assignee !== null && (
            <Fact name={t("item.assignee")}>
              <Link to="/developer" search={{ person: assignee.key }}>
                {assignee.key}
              </Link>
            </Fact>
          )}
          {parent !== null && (
            <Fact name={t("item.parent")}>
              <ItemLink item={parent} />
            </Fact>
          )}
          {sprints.length > 0 && (
            <Fact name={t("item.sprints")}>
              {sprints.map(({ id, name }) => (
                <div key={id}>
                  <Link to="/product" search={{ tab: "sprints", sprint: id }}>
                    {name}
                  </Link>
                </div>
              ))}
            </Fact>
          )}
          {labels.length > 0 && <Fact name={t("item.labels")}>{labels.map((label) => <Badge key={label}>{label}</Badge>)}</Fact>}
          {children.nodes.length > 0 && (
            <Fact name={t("item.children")}>
              {children.nodes.map((child) => (
                <div key={child.key}>
                  <ItemLink item={child} />
                </div>
              ))}
            </Fact>
          )}
        </dl>
      </Card>
      <History item={item} />
    </div>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </>
  );
}

function ItemLink({ item: { key, reference, title } }: { item: { key: string; reference: string; title: string } }) {
  return (
    <Link to="/items/$" params={{ _splat: key }}>
      {reference} {title}
    </Link>
  );
}

function Durations({ item: { createdAt, startedAt, doneAt } }: { item: Item }) {
  const seconds = (from: string, to: string | number) => (new Date(to).getTime() - Date.parse(from)) / 1000;
  if (doneAt !== null) {
    return (
      <>
        {startedAt !== null && <Fact name={t("item.cycle")}>{formatDuration(seconds(startedAt, doneAt))}</Fact>}
        <Fact name={t("item.lead")}>{formatDuration(seconds(createdAt, doneAt))}</Fact>
      </>
    );
  }
  return <Fact name={t("item.age")}>{startedAt === null ? t("item.not_started") : formatDuration(seconds(startedAt, Date.now()))}</Fact>;
}

function History({ item: { history } }: { item: Item }) {
  if (history.nodes.length === 0) return null;
  return (
    <Card title={t("item.history")}>
      <ol className="history plain-list">
        {history.nodes.map(({ key, at, fromStatus, toStatus, toCategory }) => (
          <li key={key}>
            <Badge tone={CATEGORY_TONE[toCategory ?? ""] ?? "neutral"}>{toStatus}</Badge>
            <span className="note">
              <Moment at={at} isExact />
              {fromStatus !== null && ` · ${t("item.history_from")} ${fromStatus}`}
            </span>
          </li>
        ))}
      </ol>
    </Card>
  );
}

function Aside({ isLoading }: { isLoading: boolean }) {
  return isLoading ? (
    <Card>
      <Skeleton height={260} />
    </Card>
  ) : null;
}

function ItemSkeleton() {
  return (
    <div className="stack">
      <Skeleton height={48} />
      <Card>
        <Skeleton height={96} />
      </Card>
      <Card>
        <Skeleton height={180} />
      </Card>
    </div>
  );
}
