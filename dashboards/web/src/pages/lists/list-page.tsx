import { useSearch } from "@tanstack/react-router";
import { useState, type ReactNode } from "react";
import type { Question, Row } from "sei-client";
import { downloadList } from "../../data/download";
import { defined, useList, type ListPath } from "../../data/queries";
import { useSetSearch } from "../../data/search";
import { t } from "../../i18n/t";
import { Button, Card, Empty, PageHead, Problem, Skeleton, Table, type Column } from "../../ui";
import "./lists.css";

interface ListPageProps<Path extends ListPath> {
  title: string;
  /** Below the title: what the list holds. */
  note?: string;
  path: Path;
  /** What is asked for: the filter, and what the page adds to it. */
  query: Record<string, string | undefined>;
  columns: Column<Row<Path>>[];
  rowKey: (row: Row<Path>) => string;
  onOpen?: (row: Row<Path>) => void;
  /** The order where the address says none. */
  order: string;
  /** The page's own filters, as the address has them. */
  filters: ReactNode;
  /** Above the rows. */
  lead?: ReactNode;
  /** The names of these filters, for taking all of them back. */
  names: string[];
  /** What the rows are, where there are none. */
  empty: string;
}

/** A list of rows: filtered and sorted by the server, page by page, exported whole. */
export function ListPage<Path extends ListPath>(props: ListPageProps<Path>) {
  const { title, note, path, columns, rowKey, onOpen, filters, lead, empty } = props;
  const setSearch = useSetSearch();
  const query = defined(props.query) as Record<string, string>;
  const list = useList(path, query as unknown as Question<Path>);
  const { rows, error, isPlaceholderData, refetch } = list;
  const order = { value: query.sort ?? props.order, onChange: (sort: string) => setSearch({ sort: sort === props.order ? undefined : sort }) };
  return (
    <>
      <PageHead title={title} note={note} actions={<Download title={title} path={path} query={query} isEmpty={rows?.length === 0} />} />
      <div className="list-filters" role="group" aria-label={t("lists.filters", { title })}>
        {filters}
      </div>
      {lead}
      <Card flush>
        {error !== null && <Problem error={error} onRetry={() => void refetch()} />}
        {rows === undefined && error === null && <ListSkeleton />}
        {rows !== undefined && (
          <div className={isPlaceholderData ? "stale" : undefined} aria-busy={isPlaceholderData}>
            <Table
              title={title}
              columns={columns}
              rows={rows}
              rowKey={rowKey}
              onOpen={onOpen}
              order={order}
              canExport={false}
              empty={<NoRows text={empty} names={props.names} />}
              footer={<Footer shown={rows.length} hasMore={list.hasNextPage} isLoading={list.isFetchingNextPage} onMore={() => void list.fetchNextPage()} />}
            />
          </div>
        )}
      </Card>
    </>
  );
}

function Footer({ shown, hasMore, isLoading, onMore }: { shown: number; hasMore: boolean; isLoading: boolean; onMore: () => void }) {
  if (shown === 0) return null;
  return (
    <div className="list-foot">
      <span className="note" role="status">
        {t(hasMore ? "lists.shown_of_more" : "lists.shown_all", { n: shown })}
      </span>
      {hasMore && (
        <Button onPress={onMore} isDisabled={isLoading}>
          {t(isLoading ? "ui.loading" : "ui.load_more")}
        </Button>
      )}
    </div>
  );
}

function NoRows({ text, names }: { text: string; names: string[] }) {
  const setSearch = useSetSearch();
  const search: Record<string, string | undefined> = useSearch({ strict: false });
  const isFiltered = names.some((name) => search[name] !== undefined);
  const reset = () => setSearch(Object.fromEntries(names.map((name) => [name, undefined])));
  const action = isFiltered ? <Button onPress={reset}>{t("lists.reset")}</Button> : <Button onPress={() => setSearch({ window: "all", from: undefined, to: undefined })}>{t("lists.whole_time")}</Button>;
  return (
    <Empty title={text} action={action}>
      {t(isFiltered ? "lists.no_match" : "empty.filter_text")}
    </Empty>
  );
}

function Download({ title, path, query, isEmpty }: { title: string; path: string; query: Record<string, string>; isEmpty: boolean }) {
  const [state, setState] = useState<"idle" | "loading" | "shortened" | Error>("idle");
  const download = async () => {
    setState("loading");
    try {
      setState((await downloadList(`${title}.csv`, path, query)) ? "idle" : "shortened");
    } catch (error) {
      setState(error instanceof Error ? error : new Error(String(error)));
    }
  };
  return (
    <>
      {state === "shortened" && <span className="note" role="status">{t("lists.shortened")}</span>}
      {state instanceof Error && <span className="list-failed" role="alert">{state.message}</span>}
      <Button icon="download" onPress={() => void download()} isDisabled={isEmpty || state === "loading"}>
        {t(state === "loading" ? "ui.loading" : "ui.export_csv")}
      </Button>
    </>
  );
}

function ListSkeleton() {
  return (
    <div className="list-skeleton" aria-busy="true">
      <span className="visually-hidden">{t("ui.loading")}</span>
      {Array.from({ length: 12 }, (_, index) => (
        <Skeleton key={index} height={22} />
      ))}
    </div>
  );
}
