import { useNavigate, useSearch } from "@tanstack/react-router";
import { useState } from "react";
import { useFilter, questionOf } from "../../data/filter";
import { useItemTimes } from "../../data/items";
import { defined, useList, useMetrics } from "../../data/queries";
import { t } from "../../i18n/t";
import { Button, Card, Loaded, Segments, Select, Skeleton } from "../../ui";
import { ItemTable, type ListedItem } from "./item-table";
import { StatusMatrix } from "./matrix";

const STATES = ["in_progress", "to_do", "done", "all"] as const;
type State = (typeof STATES)[number];

/** Work items by type and status: those open now, those done in the window, or all that were created in it. */
export function ItemsTab({ project }: { project: string | undefined }) {
  const search = useSearch({ from: "/product" });
  const navigate = useNavigate();
  const state = STATES.find((known) => known === search.state) ?? "in_progress";
  const show = (changes: Record<string, string | undefined>) => void navigate({ to: ".", search: (before: object) => ({ ...before, ...changes }), resetScroll: false } as never);
  return (
    <div className="stack">
      <StatusMatrix project={project} onPick={(kind, category) => show({ kind, state: category })} />
      <Card title={t("product.tab_items")} flush data-part="items">
        <div className="item-filter">
          <Segments
            label={t("product.state")}
            value={state}
            onChange={(value: State) => show({ state: value === "in_progress" ? undefined : value })}
            options={STATES.map((value) => ({ value, text: t(value === "all" ? "product.state_all" : `product.${value}`) }))}
          />
          <KindSelect kind={search.kind} onChange={(kind) => show({ kind })} />
          <TextField value={search.search ?? ""} onChange={(text) => show({ search: text === "" ? undefined : text })} />
        </div>
        {state === "done" || state === "in_progress" ? (
          <Timed key={state} state={state} project={project} kind={search.kind} text={search.search} />
        ) : (
          <Listed state={state} project={project} kind={search.kind} text={search.search} />
        )}
      </Card>
    </div>
  );
}

function KindSelect({ kind, onChange }: { kind: string | undefined; onChange: (kind: string | undefined) => void }) {
  const kinds = useMetrics(["item_throughput", "items_in_progress"], { by: "type", series: false });
  const names = kinds.data?.data.flatMap(({ slices }) => slices.flatMap(({ slice }) => slice ?? [])) ?? [];
  const all = [...new Set(kind === undefined ? names : [...names, kind])].sort();
  return (
    <Select
      label={t("product.type")}
      value={kind ?? ""}
      onChange={(value) => onChange(value === "" ? undefined : value)}
      groups={[{ options: [{ value: "", text: t("ui.all") }, ...all.map((name) => ({ value: name, text: name }))] }]}
    />
  );
}

function TextField({ value, onChange }: { value: string; onChange: (text: string) => void }) {
  const [text, setText] = useState(value);
  return (
    <form
      className="field"
      onSubmit={(event) => {
        event.preventDefault();
        onChange(text.trim());
      }}
    >
      <label className="field-label" htmlFor="items-text">
        {t("product.search")}
      </label>
      <input id="items-text" type="search" value={text} onChange={(event) => setText(event.target.value)} onBlur={() => text.trim() !== value && onChange(text.trim())} />
    </form>
  );
}

interface Asked {
  project: string | undefined;
  kind: string | undefined;
  text: string | undefined;
}

/** Items done in the window, or in progress: with their times. */
function Timed({ state, project, kind, text }: Asked & { state: "done" | "in_progress" }) {
  const query = useItemTimes(state, project, { kind });
  const wanted = text?.toLowerCase();
  return (
    <Loaded query={query} skeleton={<Skeleton height={320} />}>
      {({ data }) => {
        const rows = data.items.filter(({ key, title }) => wanted === undefined || `${key} ${title}`.toLowerCase().includes(wanted));
        return (
          <>
            <ItemTable rows={rows} isInProgress={state === "in_progress"} isSortable />
            {data.shortened && <p className="note table-more">{t("product.scatter_short", { n: data.items.length, all: data.n })}</p>}
          </>
        );
      }}
    </Loaded>
  );
}

/** Items to do, or all that were created in the window. */
function Listed({ state, project, kind, text }: Asked & { state: "to_do" | "all" }) {
  const filter = useFilter();
  const { window, from, to, ...scope } = questionOf(filter);
  const query = defined({ ...scope, ...(state === "all" ? { window, from, to } : {}), project, kind, search: text, state: state === "all" ? undefined : state });
  const list = useList("/api/v1/work-items", query as never);
  const rows = list.rows?.map((item): ListedItem => ({ ...item, seconds: null, is_slow: null }));
  return (
    <Loaded query={{ ...list, data: rows } as never} skeleton={<Skeleton height={320} />}>
      {(items: ListedItem[]) => (
        <>
          <ItemTable rows={items} isSortable={!list.hasNextPage} />
          {list.hasNextPage && (
            <p className="row table-more">
              <Button onPress={() => void list.fetchNextPage()} isDisabled={list.isFetchingNextPage}>
                {t("ui.load_more")}
              </Button>
            </p>
          )}
        </>
      )}
    </Loaded>
  );
}
