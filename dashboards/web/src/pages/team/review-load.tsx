import type { Answer } from "sei-client";
import { defined, useRest } from "../../data/queries";
import { formatDuration, formatNumber } from "../../format/value";
import { t } from "../../i18n/t";
import { Card, Empty, Loaded, Sentence, Skeleton, Table, type Column } from "../../ui";
import type { Subject } from "./subject";

type Load = Answer<"/api/v1/review-load">["data"];
type TeamLoad = Load["teams"][number];
type PersonLoad = Load["persons"][number];

/** How many open changes wait at which point of the review, by team; and who reviews how many, where persons are shown: by name, which is no ranking. */
export function ReviewQueue({ team, filter }: Subject) {
  const load = useRest("/api/v1/review-load", defined({ tenant: filter.tenant, team }) as never);
  return (
    <Loaded query={load} skeleton={<Card title={t("team.queue")}><Skeleton height={140} /></Card>}>
      {({ data: { teams, persons, persons_hidden_because, shortened } }) => (
        <Card flush={teams.length > 0} title={t("team.queue")} note={t(shortened ? "team.queue_short" : "team.queue_note")}>
          {teams.length === 0 ? <Empty icon="check" title={t("team.no_queue")} /> : <Table title={t("team.queue")} columns={teamColumns()} rows={teams} rowKey={({ team: name }) => name ?? ""} isSortable={false} canExport={false} />}
          {persons.length > 0 && <Table title={t("team.reviewers")} columns={personColumns()} rows={persons} rowKey={({ person }) => person} isSortable={false} canExport={false} />}
          {persons.length === 0 && persons_hidden_because !== null && persons_hidden_because !== undefined && (
            <p className="note card-foot">
              <Sentence text={persons_hidden_because} />
            </p>
          )}
        </Card>
      )}
    </Loaded>
  );
}

function count(id: keyof TeamLoad & string, head: string, isMinor = false): Column<TeamLoad> {
  return { id, head, align: "end", isMinor, value: (row) => row[id] as number, cell: (row) => formatNumber(row[id] as number) };
}

const teamColumns = (): Column<TeamLoad>[] => [
  { id: "team", head: t("page.team"), value: ({ team }) => team, cell: ({ team }) => team ?? t("team.no_team") },
  count("waiting_for_review", t("team.waiting_first")),
  count("in_review", t("team.in_review")),
  count("approved", t("team.approved"), true),
  count("slow", t("team.slow")),
  { id: "oldest", head: t("team.oldest"), align: "end", isMinor: true, value: ({ oldest_age_seconds }) => oldest_age_seconds, cell: ({ oldest_age_seconds }) => formatDuration(oldest_age_seconds) },
];

const personColumns = (): Column<PersonLoad>[] => [
  { id: "person", head: t("team.reviewer"), value: ({ person }) => person, cell: ({ person }) => person },
  { id: "open_changes", head: t("team.reviews_open"), align: "end", value: ({ open_changes }) => open_changes, cell: ({ open_changes }) => formatNumber(open_changes) },
  { id: "reviews", head: t("team.reviews_given"), align: "end", value: ({ reviews }) => reviews, cell: ({ reviews }) => formatNumber(reviews) },
];
