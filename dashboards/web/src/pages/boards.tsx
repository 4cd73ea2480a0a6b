import { Link, useNavigate } from "@tanstack/react-router";
import { useRef, useState } from "react";
import { useBoards, useBoardWrites, type BoardSummary } from "../data/boards";
import { formatNumber } from "../format/value";
import { t } from "../i18n/t";
import { Button, Card, Dialog, Empty, Moment, PageHead, Problem, Skeleton, Table, type Column } from "../ui";
import { OwnerField, ownerText } from "./board/owner-field";
import "./board/board.css";
import "./lists/lists.css";

export function BoardsPage() {
  const boards = useBoards();
  const navigate = useNavigate();
  const [isNew, setNew] = useState(false);
  const { rows, error, refetch } = boards;
  return (
    <>
      <PageHead
        title={t("page.boards")}
        note={t("boards.note")}
        actions={
          <>
            <Import />
            <Button kind="primary" icon="plus" onPress={() => setNew(true)}>
              {t("boards.new")}
            </Button>
          </>
        }
      />
      <Card flush>
        {error !== null && <Problem error={error} onRetry={() => void refetch()} />}
        {rows === undefined && error === null && <div className="list-skeleton" aria-busy="true">{[1, 2, 3, 4].map((nth) => <Skeleton key={nth} height={28} />)}</div>}
        {rows !== undefined && rows.length === 0 && (
          <Empty icon="boards" title={t("boards.none")} action={<Button kind="primary" icon="plus" onPress={() => setNew(true)}>{t("boards.new")}</Button>}>
            {t("boards.none_text")}
          </Empty>
        )}
        {rows !== undefined && rows.length > 0 && (
          <Table title={t("page.boards")} columns={columns()} rows={rows} rowKey={({ id }) => id} sort={{ id: "title" }} canExport={false} onOpen={({ id }) => void navigate({ to: "/boards/$board", params: { board: id } })} />
        )}
      </Card>
      <Dialog title={t("boards.new")} isOpen={isNew} onClose={() => setNew(false)}>
        {isNew && <NewBoard onClose={() => setNew(false)} />}
      </Dialog>
    </>
  );
}

function columns(): Column<BoardSummary>[] {
  return [
    {
      id: "title",
      head: t("page.board"),
      value: ({ title }) => title,
      cell: ({ id, title, description }) => (
        <div className="cell-name">
          <Link to="/boards/$board" params={{ board: id }}>
            {title}
          </Link>
          {description !== "" && <span className="note">{description}</span>}
        </div>
      ),
    },
    { id: "owner", head: t("boards.owner"), value: ({ owner }) => ownerText(owner), cell: ({ owner }) => ownerText(owner) },
    { id: "tiles", head: t("boards.tiles"), align: "end", value: ({ tile_count }) => tile_count, cell: ({ tile_count }) => formatNumber(tile_count) },
    { id: "changed", head: t("boards.changed"), isMinor: true, value: ({ changed_at }) => changed_at, cell: ({ changed_at }) => <Moment at={changed_at} /> },
  ];
}

function NewBoard({ onClose }: { onClose: () => void }) {
  const { create } = useBoardWrites();
  const navigate = useNavigate();
  const [title, setTitle] = useState("");
  const [owner, setOwner] = useState("me");
  const make = async () => {
    const made = await create.mutateAsync({ title: title.trim(), description: "", owner, tiles: [] });
    onClose();
    await navigate({ to: "/boards/$board", params: { board: made.data.id }, search: { edit: "true" } as never });
  };
  return (
    <form className="stack" onSubmit={(event) => { event.preventDefault(); make().catch(() => undefined); }}>
      <label className="field">
        <span className="field-label">{t("boards.title")}</span>
        <input value={title} maxLength={200} required autoFocus onChange={(event) => setTitle(event.target.value)} />
      </label>
      <OwnerField value={owner} onChange={setOwner} />
      {create.error !== null && <Problem error={create.error} />}
      <p className="row">
        <Button kind="primary" type="submit" isDisabled={create.isPending || title.trim() === ""}>
          {t("boards.make")}
        </Button>
        <Button onPress={onClose}>{t("ui.cancel")}</Button>
      </p>
    </form>
  );
}

/** Makes a board of a file of TOML. */
function Import() {
  const { load } = useBoardWrites();
  const navigate = useNavigate();
  const input = useRef<HTMLInputElement>(null);
  const read = async (file: File) => {
    const made = await load.mutateAsync(await file.text());
    await navigate({ to: "/boards/$board", params: { board: made.data.id } });
  };
  return (
    <>
      <input
        ref={input}
        type="file"
        accept=".toml,application/toml"
        hidden
        onChange={(event) => {
          const [file] = event.target.files ?? [];
          event.target.value = "";
          if (file !== undefined) read(file).catch(() => undefined);
        }}
      />
      <Button onPress={() => input.current?.click()} isDisabled={load.isPending}>
        {t("boards.import")}
      </Button>
      <Dialog title={t("boards.import")} isOpen={load.error !== null} onClose={() => load.reset()}>
        <Problem error={load.error} />
      </Dialog>
    </>
  );
}
