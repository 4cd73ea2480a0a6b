import { Link, useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { useJourney, type JourneyDeployment } from "../data/journey";
import { defined, useList } from "../data/queries";
import { useFilter } from "../data/filter";
import { t } from "../i18n/t";
import { ShipVerdict } from "../journey/verdict";
import { Way } from "../journey/way";
import { Button, Card, Empty, Loaded, Moment, PageHead, Problem, Skeleton, SourceLink, Table, Value, type Column } from "../ui";
import { RawEvents } from "./record/raw-events";

/** A version: when and where it was deployed, what it brought, and what came of it. */
export function ReleasePage() {
  const { _splat: id = "" } = useParams({ from: "/releases/$" });
  const search = useSearch({ from: "/releases/$" });
  const kind = search.kind === "deployment" ? "deployment" : "release";
  const query = useJourney(kind, id);
  const journey = query.data?.data;
  return (
    <>
      <PageHead
        kicker={`${t("release.kicker")} · ${id}`}
        title={journey?.title ?? id.split("/").at(-1) ?? id}
        actions={
          <>
            <SourceLink url={journey?.url} />
            <RawEvents fact={id} />
          </>
        }
      />
      <Loaded query={query} skeleton={<Skeleton height={280} />}>
        {({ data }) => (
          <div className="stack">
            <ShipVerdict journey={data} />
            {data.ways.map((way) => (
              <Way key={way.id} way={way} isAlone />
            ))}
            <Brought deployment={carrier(data.ways.flatMap(({ services }) => services).flatMap(({ deployments }) => deployments), id)} />
          </div>
        )}
      </Loaded>
    </>
  );
}

/** The production deployment that brought the version; the version itself where none is known. */
function carrier(deployments: JourneyDeployment[], id: string): string {
  return deployments.find(({ is_first_in_production }) => is_first_in_production)?.id ?? deployments.find(({ is_production }) => is_production)?.id ?? id;
}

function Brought({ deployment }: { deployment: string }) {
  const { tenant } = useFilter();
  const navigate = useNavigate();
  const list = useList("/api/v1/changes", defined({ tenant, deployment, window: "all" }) as never);
  const rows = list.rows;
  if (list.error !== null && rows === undefined) return <Problem error={list.error} onRetry={() => void list.refetch()} />;
  return (
    <Card
      title={t("release.changes")}
      note={t("release.changes_note")}
      actions={
        <Link to="/deployments/$" params={{ _splat: deployment }}>
          {t("release.to_deployment")}
        </Link>
      }
      flush
    >
      {rows === undefined ? (
        <Skeleton height={160} />
      ) : rows.length === 0 ? (
        <Empty icon="change" title={t("release.no_changes")}>
          {t("release.no_changes_text")}
        </Empty>
      ) : (
        <Table
          title={t("release.changes")}
          columns={columns()}
          rows={rows}
          rowKey={({ id, service }) => `${service} ${id}`}
          onOpen={({ id }) => void navigate({ to: "/changes/$", params: { _splat: id } })}
          isSortable={!list.hasNextPage}
          canExport={false}
        />
      )}
      {list.hasNextPage && (
        <p className="row table-more">
          <Button onPress={() => void list.fetchNextPage()} isDisabled={list.isFetchingNextPage}>
            {t("ui.load_more")}
          </Button>
        </p>
      )}
    </Card>
  );
}

interface Row {
  id: string;
  title: string;
  service: string;
  merged_at: string | null;
  lead_time_seconds: number | null;
}

function columns(): Column<Row>[] {
  return [
    {
      id: "change",
      head: t("release.change"),
      value: ({ title }) => title,
      cell: ({ id, title }) => (
        <Link to="/changes/$" params={{ _splat: id }}>
          {title}
        </Link>
      ),
    },
    { id: "service", head: t("release.service"), value: ({ service }) => service, cell: ({ service }) => service, isMinor: true },
    { id: "merged", head: t("release.merged"), value: ({ merged_at }) => merged_at, cell: ({ merged_at }) => <Moment at={merged_at} />, isMinor: true },
    { id: "lead", head: t("release.lead_time"), align: "end", value: ({ lead_time_seconds }) => lead_time_seconds, cell: ({ lead_time_seconds }) => <Value value={lead_time_seconds} unit="seconds" /> },
  ];
}
