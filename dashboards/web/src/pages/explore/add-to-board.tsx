import { Link } from "@tanstack/react-router";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { addTile, useBoards, useBoardWrites, type Tile } from "../../data/boards";
import { useFilter } from "../../data/filter";
import { t } from "../../i18n/t";
import { Button, Dialog, Problem, Select } from "../../ui";
import { OwnerField } from "../board/owner-field";

const NEW = "";

/** Adds what is shown as a tile, once that is known: to a board that may be changed, or to a new one. */
export function AddToBoard({ tile }: { tile: Tile | undefined }) {
  const [isOpen, setOpen] = useState(false);
  return (
    <>
      <Button kind="primary" icon="plus" isDisabled={tile === undefined} onPress={() => setOpen(true)}>
        {t("explore.add")}
      </Button>
      <Dialog title={t("explore.add")} isOpen={isOpen} onClose={() => setOpen(false)}>
        {isOpen && tile !== undefined && <AddForm tile={tile} onClose={() => setOpen(false)} />}
      </Dialog>
    </>
  );
}

function AddForm({ tile, onClose }: { tile: Tile; onClose: () => void }) {
  const { tenant } = useFilter();
  const client = useQueryClient();
  const boards = useBoards();
  const { create } = useBoardWrites();
  const mine = (boards.rows ?? []).filter(({ may_change }) => may_change);
  const [chosen, choose] = useState<string>();
  const board = chosen ?? mine[0]?.id ?? NEW;
  const [title, setTitle] = useState("");
  const [owner, setOwner] = useState("me");
  const [added, setAdded] = useState<string>();
  const [error, setError] = useState<unknown>(null);
  const [isSending, setSending] = useState(false);
  const add = async () => {
    setSending(true);
    setError(null);
    try {
      if (board === NEW) {
        const made = await create.mutateAsync({ title: title.trim() || t("boards.untitled"), description: "", owner, tiles: [tile] });
        setAdded(made.data.id);
      } else {
        await addTile(board, tile, tenant);
        await client.invalidateQueries({ predicate: ({ queryKey }) => typeof queryKey[1] === "string" && queryKey[1].startsWith("/api/v1/boards") });
        setAdded(board);
      }
    } catch (failed) {
      setError(failed);
    } finally {
      setSending(false);
    }
  };
  if (added !== undefined) {
    return (
      <div className="stack" role="status">
        <p>{t("explore.added")}</p>
        <p className="row">
          <Link to="/boards/$board" params={{ board: added }} className="button button-primary" onClick={onClose}>
            {t("explore.open_board")}
          </Link>
          <Button onPress={onClose}>{t("ui.close")}</Button>
        </p>
      </div>
    );
  }
  return (
    <form className="stack" onSubmit={(event) => { event.preventDefault(); void add(); }}>
      <Select label={t("page.board")} value={board} groups={[{ options: [...mine.map(({ id, title: name }) => ({ value: id, text: name })), { value: NEW, text: t("explore.new_board") }] }]} onChange={choose} />
      {board === NEW && (
        <>
          <label className="field">
            <span className="field-label">{t("boards.title")}</span>
            <input value={title} maxLength={200} required onChange={(event) => setTitle(event.target.value)} />
          </label>
          <OwnerField value={owner} onChange={setOwner} />
        </>
      )}
      {error !== null && <Problem error={error} />}
      <p className="row">
        <Button kind="primary" type="submit" isDisabled={isSending || boards.isPending}>
          {t("explore.add")}
        </Button>
        <Button onPress={onClose}>{t("ui.cancel")}</Button>
      </p>
    </form>
  );
}
