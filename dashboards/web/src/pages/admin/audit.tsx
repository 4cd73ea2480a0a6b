import { Link } from "@tanstack/react-router";
import { useState } from "react";
import type { Row } from "sei-client";
import { downloadList } from "../../data/download";
import { useFilter } from "../../data/filter";
import { defined, useList } from "../../data/queries";
import { t, tOr } from "../../i18n/t";
import { Button, Card, CodeBlock, Drawer, Empty, Moment, Problem, Skeleton, Table, type Column } from "../../ui";
import { ChoiceFilter, LimitedTo } from "../lists/filters";
import { ACTIONS } from "./actions";

type Entry = Row<"/api/v1/audit">;

/** Who did what to what, the newest first. */
export function AuditLog({ action, actor }: { action: string | undefined; actor: string | undefined }) {
  const { tenant } = useFilter();
  const query = defined({ tenant, action, actor });
  const { rows, error, isPlaceholderData, refetch, hasNextPage, isFetchingNextPage, fetchNextPage } = useList("/api/v1/audit", query as never);
  const [opened, setOpened] = useState<Entry>();
  return (
    <div className="stack">
      <div className="list-filters">
        <ChoiceFilter name="action" label={t("audit.action")} value={action} all={t("audit.every_action")} options={ACTIONS.map((value) => ({ value, text: actionText(value) }))} />
        {actor !== undefined && <LimitedTo name="actor" text={t("audit.of_actor", { actor: rows?.[0]?.actor_name ?? actor })} />}
      </div>
      <Card flush title={t("admin.audit")} note={t("audit.note")} actions={<Download query={query} isEmpty={rows?.length === 0} />}>
        {error !== null && <Problem error={error} onRetry={() => void refetch()} />}
        {rows === undefined && error === null && <div className="list-skeleton"><Skeleton height={300} /></div>}
        {rows !== undefined && (
          <div className={isPlaceholderData ? "stale" : undefined}>
            <Table
              title={t("admin.audit")}
              columns={columns()}
              rows={rows}
              rowKey={({ id }) => String(id)}
              isSortable={false}
              canExport={false}
              onOpen={setOpened}
              empty={<Empty title={t("audit.none")}>{t("audit.none_text")}</Empty>}
              footer={hasNextPage && <div className="list-foot"><Button onPress={() => void fetchNextPage()} isDisabled={isFetchingNextPage}>{t("ui.load_more")}</Button></div>}
            />
          </div>
        )}
      </Card>
      <Drawer title={opened === undefined ? "" : t("audit.entry", { id: opened.id })} isOpen={opened !== undefined} onClose={() => setOpened(undefined)}>
        {opened !== undefined && <Details entry={opened} onActor={() => setOpened(undefined)} />}
      </Drawer>
    </div>
  );
}

function actionText(action: string): string {
  return tOr(`audit.${action}`, action.replaceAll("_", " "));
}

function columns(): Column<Entry>[] {
  return [
    { id: "at", head: t("audit.when"), cell: ({ at }) => <Moment at={at} /> },
    { id: "actor", head: t("audit.who"), cell: ({ actor_name, actor_id, actor_kind }) => <div className="admin-name"><strong>{actor_name ?? actor_id}</strong><span className="note">{tOr(`audit.kind_${actor_kind}`, actor_kind)}</span></div> },
    { id: "action", head: t("audit.action"), cell: ({ action }) => actionText(action) },
    { id: "subject", head: t("audit.subject"), cell: ({ subject }) => <div className="audit-text">{subject}</div> },
    { id: "address", head: t("audit.address"), isMinor: true, cell: ({ address }) => address ?? <span className="note">–</span> },
    { id: "tenant", head: t("shell.tenant"), isMinor: true, cell: ({ tenant }) => tenant ?? <span className="note">–</span> },
  ];
}

function Details({ entry, onActor }: { entry: Entry; onActor: () => void }) {
  const { at, actor_id, actor_name, actor_kind, action, subject, address, tenant, detail, hash, previous } = entry;
  return (
    <div className="stack">
      <dl className="facts">
        <dt>{t("audit.when")}</dt>
        <dd><Moment at={at} isExact /></dd>
        <dt>{t("audit.who")}</dt>
        <dd>
          {actor_name ?? actor_id} <span className="note">({tOr(`audit.kind_${actor_kind}`, actor_kind)}, {actor_id})</span>
        </dd>
        <dd>
          <Link to="/admin" search={{ tab: "audit", actor: actor_id }} onClick={onActor}>
            {t("audit.only_actor")}
          </Link>
        </dd>
        <dt>{t("audit.action")}</dt>
        <dd>{actionText(action)} <code>{action}</code></dd>
        <dt>{t("audit.subject")}</dt>
        <dd className="audit-text">{subject}</dd>
        <dt>{t("audit.address")}</dt>
        <dd>{address ?? "–"}</dd>
        <dt>{t("shell.tenant")}</dt>
        <dd>{tenant ?? t("audit.no_tenant")}</dd>
      </dl>
      {Object.keys(detail).length > 0 && <CodeBlock title={t("audit.detail")} text={JSON.stringify(detail, null, 2)} isWrapped />}
      <CodeBlock title={t("audit.hash")} text={hash} isWrapped />
      <CodeBlock title={t("audit.previous")} text={previous} isWrapped />
      <p className="note">{t("audit.verify")}</p>
    </div>
  );
}

function Download({ query, isEmpty }: { query: Record<string, string | undefined>; isEmpty: boolean }) {
  const [error, setError] = useState<string>();
  const download = () => {
    setError(undefined);
    downloadList("audit.csv", "/api/v1/audit", query).catch((problem: unknown) => setError(String(problem)));
  };
  return (
    <>
      {error !== undefined && <span className="list-failed" role="alert">{error}</span>}
      <Button icon="download" onPress={download} isDisabled={isEmpty}>
        {t("ui.export_csv")}
      </Button>
    </>
  );
}
