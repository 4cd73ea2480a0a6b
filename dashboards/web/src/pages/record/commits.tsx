import type { Schema } from "../../data/types";
import { t } from "../../i18n/t";
import { Card, Moment, Table, type Column } from "../../ui";
import "../lists/lists.css";

type Commit = Schema<"Commit">;

/** The commits that something carried, with their subjects. `shortened` says that there are more; `note` which they are. */
export function Commits({ commits, shortened, note }: { commits: Commit[]; shortened: boolean; note?: string | undefined }) {
  const columns: Column<Commit>[] = [
    {
      id: "subject",
      head: t("record.commit"),
      title: "sha",
      value: ({ sha }) => sha,
      cell: ({ subject, sha, repository }) => (
        <div className="cell-name">
          <span>{subject}</span>
          <span className="note">
            <code>{sha.slice(0, 10)}</code> {repository.split("/").slice(1).join("/")}
          </span>
        </div>
      ),
    },
    { id: "authored_at", head: t("record.authored"), value: ({ authored_at }) => authored_at, cell: ({ authored_at }) => <Moment at={authored_at} /> },
    { id: "change", head: t("lists.change"), isMinor: true, value: ({ change }) => change, cell: ({ change }) => (change === null || change === undefined ? <span className="note">{t("lists.direct_commit")}</span> : <ChangeNumber id={change} />) },
  ];
  return (
    <Card title={t("record.commits")} note={shortened ? t("record.shortened") : note} flush>
      <Table title={t("record.commits")} columns={columns} rows={commits} rowKey={({ repository, sha }) => `${repository} ${sha}`} empty={t("record.no_commits")} />
    </Card>
  );
}

function ChangeNumber({ id }: { id: string }) {
  return <>{id.split("/").slice(-1)}</>;
}
