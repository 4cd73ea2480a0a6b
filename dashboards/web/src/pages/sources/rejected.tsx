import { useState } from "react";
import type { Row } from "sei-client";
import { useFilter } from "../../data/filter";
import { defined, useList, useRest } from "../../data/queries";
import { useRights } from "../../data/rights";
import { useSetSearch } from "../../data/search";
import { formatNumber } from "../../format/value";
import { t, tOr } from "../../i18n/t";
import { Badge, Button, Card, Empty, Loaded, Moment, Notice, Problem, Sentence, Table, type Column } from "../../ui";
import { LimitedTo } from "../lists/filters";
import { DeadLetterDrawer } from "./dead-letter";
import { ReplayDialog, type Chosen } from "./replay";

type Count = Row<"/api/v1/dead-letters/counts">;
type DeadLetter = Row<"/api/v1/dead-letters">;

/** Events that could not be read: how many for which reason, and then each. `source` limits them to those of one source. */
export function RejectedEvents({ source, kind, reason, isOfPage = false }: { source?: string; kind?: string; reason?: string; isOfPage?: boolean }) {
  const { tenant } = useFilter();
  const counts = useRest("/api/v1/dead-letters/counts", defined({ tenant }) as never);
  const { administers } = useRights();
  const [replaying, setReplaying] = useState<Chosen>();
  const [replayed, setReplayed] = useState<number>();
  return (
    <div className="stack">
      {replayed !== undefined && (
        <Notice tone="good" onClose={() => setReplayed(undefined)}>
          {t("sources.replayed", { n: replayed })}
        </Notice>
      )}
      <Loaded query={counts}>
        {({ data }) => {
          const rows = isOfPage && source !== undefined ? data.filter((count) => count.source === source) : data;
          if (rows.length === 0) return <Card><Empty icon="check" title={t("sources.no_rejected")}>{t("sources.no_rejected_text")}</Empty></Card>;
          return (
            <div className="stack">
              <Reasons counts={rows} isOfSource={isOfPage} onReplay={administers ? setReplaying : undefined} />
              <Letters source={source} kind={kind} reason={reason} isOfPage={isOfPage} onReplay={administers ? setReplaying : undefined} />
            </div>
          );
        }}
      </Loaded>
      <ReplayDialog chosen={replaying} onClose={() => setReplaying(undefined)} onDone={setReplayed} />
    </div>
  );
}

/** The text of a reason; its name where the catalog has none. */
function reasonText(reason: string): string {
  return tOr(`sources.reason_${reason}`, reason);
}

function Reasons({ counts, isOfSource, onReplay }: { counts: Count[]; isOfSource: boolean; onReplay: ((chosen: Chosen) => void) | undefined }) {
  const setSearch = useSetSearch();
  const columns: Column<Count>[] = [
    {
      id: "reason",
      head: t("sources.reason"),
      value: ({ reason }) => reasonText(reason),
      cell: ({ reason, remedy }) => (
        <div className="reason">
          <Badge tone="bad">{reasonText(reason)}</Badge>
          <span className="note"><Sentence text={remedy} /></span>
        </div>
      ),
    },
    { id: "kind", head: t("sources.kind"), value: ({ kind }) => kind, cell: ({ kind }) => <code>{kind}</code> },
    { id: "events", head: t("sources.events"), align: "end", value: ({ events }) => events, cell: ({ events }) => formatNumber(events) },
    { id: "last", head: t("sources.last"), isMinor: true, value: ({ last_at }) => last_at, cell: ({ last_at }) => <Moment at={last_at} /> },
  ];
  if (!isOfSource) columns.splice(2, 0, { id: "source", head: t("page.source"), isMinor: true, value: ({ source }) => source, cell: ({ source }) => source });
  if (onReplay !== undefined) {
    columns.push({
      id: "replay",
      head: <span className="visually-hidden">{t("sources.replay")}</span>,
      cell: ({ source, kind, reason, events }) => (
        <Button kind="quiet" onPress={() => onReplay({ source, kind, reason, n: events })} aria-label={t("sources.replay_these", { n: events, kind })}>
          {t("sources.replay")}
        </Button>
      ),
    });
  }
  return (
    <Card title={t("sources.reasons")} note={t("sources.reasons_note")} flush>
      <Table title={t("sources.reasons")} columns={columns} rows={counts} rowKey={({ source, kind, reason }) => `${source} ${kind} ${reason}`} sort={{ id: "events", desc: true }} onOpen={({ source, kind, reason }) => setSearch(isOfSource ? { kind, reason } : { source, kind, reason })} />
    </Card>
  );
}

function Name({ letter, onOpen }: { letter: DeadLetter; onOpen: (letter: DeadLetter) => void }) {
  return (
    <div className="source-name">
      <button type="button" className="link" onClick={() => onOpen(letter)}>
        {letter.kind}
      </button>
      <span className="note">{letter.detail}</span>
    </div>
  );
}

function Letters({ source, kind, reason, isOfPage, onReplay }: { source?: string; kind?: string; reason?: string; isOfPage: boolean; onReplay: ((chosen: Chosen) => void) | undefined }) {
  const { tenant } = useFilter();
  const list = useList("/api/v1/dead-letters", defined({ tenant, source, kind, reason }) as never, { limit: 25 });
  const [opened, setOpened] = useState<DeadLetter>();
  const { rows, error, refetch, hasNextPage, isFetchingNextPage, fetchNextPage } = list;
  const columns: Column<DeadLetter>[] = [
    { id: "kind", head: t("sources.event"), value: ({ id }) => id, cell: (letter) => <Name letter={letter} onOpen={setOpened} /> },
    { id: "reason", head: t("sources.reason"), value: (row) => reasonText(row.reason), cell: (row) => reasonText(row.reason) },
    { id: "rejected", head: t("sources.rejected_at"), isMinor: true, value: ({ rejected_at }) => rejected_at, cell: ({ rejected_at }) => <Moment at={rejected_at} /> },
    { id: "bytes", head: t("sources.bytes"), align: "end", isMinor: true, value: ({ bytes }) => bytes, cell: ({ bytes }) => formatNumber(bytes) },
  ];
  return (
    <Card title={t("sources.events_title")} flush>
      <div className="reason-limits">
        {!isOfPage && source !== undefined && <LimitedTo name="source" text={source} />}
        {kind !== undefined && <LimitedTo name="kind" text={kind} />}
        {reason !== undefined && <LimitedTo name="reason" text={reasonText(reason)} />}
      </div>
      {error !== null && <Problem error={error} onRetry={() => void refetch()} />}
      {rows !== undefined && (
        <Table
          title={t("sources.events_title")}
          columns={columns}
          rows={rows}
          rowKey={({ id }) => id}
          isSortable={false}
          onOpen={setOpened}
          empty={t("sources.no_match")}
          footer={hasNextPage && <div className="list-foot"><Button onPress={() => void fetchNextPage()} isDisabled={isFetchingNextPage}>{t("ui.load_more")}</Button></div>}
        />
      )}
      <DeadLetterDrawer letter={opened} onClose={() => setOpened(undefined)} onReplay={onReplay} reason={opened === undefined ? "" : reasonText(opened.reason)} />
    </Card>
  );
}
