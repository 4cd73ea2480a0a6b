import { useState } from "react";
import type { Row } from "sei-client";
import { answered, rest } from "../../data/client";
import { useFilter } from "../../data/filter";
import { defined, useList } from "../../data/queries";
import { useWrite } from "../../data/writes";
import { t } from "../../i18n/t";
import { Badge, Button, Card, Empty, Notice, Problem, Skeleton, Table, type Column } from "../../ui";
import { SearchFilter } from "../lists/filters";
import { MergeDialog } from "./merge";
import { PEOPLE, type Person } from "./people-data";
import { SplitDialog } from "./split";

type Statement = Row<"/api/v1/people/statements">;

/** People with their accounts: merged, split, and what was stated of them. */
export function People({ search }: { search: string | undefined }) {
  const { tenant } = useFilter();
  const list = useList("/api/v1/people", defined({ tenant, search }) as never);
  const [picked, setPicked] = useState<Person[]>([]);
  const [isMerging, setMerging] = useState(false);
  const [splitting, setSplitting] = useState<Person>();
  const [done, setDone] = useState<{ text: string; name?: string }>();
  const { rows, error, isPlaceholderData, refetch, hasNextPage, isFetchingNextPage, fetchNextPage } = list;
  const finish = (text: string, name: string) => {
    setPicked([]);
    setDone({ text, name });
  };
  return (
    <div className="stack">
      {done !== undefined && (
        <Notice tone="good" onClose={() => setDone(undefined)} action={done.name !== undefined && <TakeBack name={done.name} onDone={() => setDone({ text: t("people.undone") })} />}>
          {done.text}
        </Notice>
      )}
      <div className="list-filters">
        <SearchFilter value={search} label={t("people.search")} />
      </div>
      <Card flush title={t("admin.people")} note={t("people.note")}>
        {error !== null && <Problem error={error} onRetry={() => void refetch()} />}
        {rows === undefined && error === null && <div className="list-skeleton"><Skeleton height={240} /></div>}
        {rows !== undefined && (
          <div className={isPlaceholderData ? "stale" : undefined}>
            <Table
              title={t("admin.people")}
              columns={columns(picked, setPicked, setSplitting)}
              rows={rows}
              rowKey={keyOf}
              isSortable={false}
              empty={<Empty icon="person" title={t("people.none")}>{t("people.none_text")}</Empty>}
              footer={hasNextPage && <div className="list-foot"><Button onPress={() => void fetchNextPage()} isDisabled={isFetchingNextPage}>{t("ui.load_more")}</Button></div>}
            />
          </div>
        )}
      </Card>
      {picked.length > 0 && (
        <div className="picked" role="group" aria-label={t("people.picked", { n: picked.length })}>
          <span>{t("people.picked", { n: picked.length })}</span>
          <Button kind="primary" isDisabled={picked.length < 2} onPress={() => setMerging(true)}>{t("people.merge")}</Button>
          <Button onPress={() => setPicked([])}>{t("ui.clear")}</Button>
        </div>
      )}
      <Statements />
      {isMerging && <MergeDialog people={picked} onClose={() => setMerging(false)} onDone={finish} />}
      {splitting !== undefined && <SplitDialog person={splitting} onClose={() => setSplitting(undefined)} onDone={finish} />}
    </div>
  );
}

function keyOf({ accounts, name }: Person): string {
  return accounts[0] ?? name;
}

function columns(picked: Person[], setPicked: (people: Person[]) => void, onSplit: (person: Person) => void): Column<Person>[] {
  const isPicked = (person: Person) => picked.some((one) => keyOf(one) === keyOf(person));
  const pick = (person: Person) => setPicked(isPicked(person) ? picked.filter((one) => keyOf(one) !== keyOf(person)) : [...picked, person]);
  return [
    {
      id: "pick",
      head: <span className="visually-hidden">{t("people.pick")}</span>,
      cell: (person) => (
        <span className="check-field">
          <input type="checkbox" checked={isPicked(person)} aria-label={t("people.pick_one", { name: person.name })} onChange={() => pick(person)} />
        </span>
      ),
    },
    {
      id: "name",
      head: t("people.person"),
      value: ({ name }) => name,
      cell: ({ name, bot }) => (
        <div className="admin-name">
          <strong>{name}</strong>
          {bot && <span><Badge>{t("people.bot")}</Badge></span>}
        </div>
      ),
    },
    { id: "accounts", head: t("people.accounts"), value: ({ accounts }) => accounts.join(" "), cell: ({ accounts }) => <div className="accounts">{accounts.map((account) => <span key={account}>{account}</span>)}</div> },
    { id: "joined", head: t("people.joined_by"), isMinor: true, value: ({ joined_by }) => joined_by.join("; "), cell: ({ joined_by }) => <div className="accounts note">{joined_by.map((why) => <span key={why}>{why}</span>)}</div> },
    {
      id: "split",
      head: <span className="visually-hidden">{t("people.split")}</span>,
      cell: (person) =>
        person.accounts.length > 1 && (
          <Button kind="quiet" onPress={() => onSplit(person)} aria-label={t("people.split_one", { name: person.name })}>
            {t("people.split")}
          </Button>
        ),
    },
  ];
}

/** Takes back what was stated under a name. */
function TakeBack({ name, onDone }: { name: string; onDone?: () => void }) {
  const { tenant } = useFilter();
  const withdraw = useWrite(() => answered(rest.DELETE("/api/v1/people/statements/{name}", { params: { path: { name }, query: defined({ tenant }) } })), PEOPLE);
  return (
    <>
      {withdraw.error !== null && <span role="alert" className="list-failed">{withdraw.error.message}</span>}
      <Button kind="quiet" isDisabled={withdraw.isPending} onPress={() => withdraw.mutate(undefined, { onSuccess: onDone })} aria-label={t("people.undo_one", { name })}>
        {t("people.undo")}
      </Button>
    </>
  );
}

function Statements() {
  const { tenant } = useFilter();
  const { rows } = useList("/api/v1/people/statements", defined({ tenant }) as never, { limit: 200 });
  if (rows === undefined || rows.length === 0) return null;
  const columns: Column<Statement>[] = [
    { id: "name", head: t("people.person"), value: ({ name }) => name, cell: ({ name }) => <strong>{name}</strong> },
    { id: "kind", head: t("people.statement"), value: ({ separate }) => String(separate), cell: ({ separate }) => t(separate ? "people.stated_split" : "people.stated_merge") },
    { id: "accounts", head: t("people.accounts"), value: ({ accounts }) => accounts.join(" "), cell: ({ accounts }) => <div className="accounts">{accounts.map((account) => <span key={account}>{account}</span>)}</div> },
    { id: "undo", head: <span className="visually-hidden">{t("people.undo")}</span>, cell: ({ name }) => <TakeBack name={name} /> },
  ];
  return (
    <Card flush title={t("people.statements")} note={t("people.statements_note")}>
      <Table title={t("people.statements")} columns={columns} rows={rows} rowKey={({ name, separate }) => `${name} ${String(separate)}`} />
    </Card>
  );
}
