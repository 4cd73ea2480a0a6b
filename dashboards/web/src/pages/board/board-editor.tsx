import { useState } from "react";
import { useBoardWrites, type Board, type Tile } from "../../data/boards";
import { ProblemError } from "../../data/problem";
import { useDefinitions } from "../../data/queries";
import { useSetSearch } from "../../data/search";
import { t } from "../../i18n/t";
import { Button, Card, Empty, PageHead, Problem } from "../../ui";
import { moved } from "./moved";
import { OwnerField } from "./owner-field";
import { NEW_TILE, TileDialog } from "./tile-dialog";
import { TileTools } from "./tile-tools";
import { TileView } from "./tile-view";

/** Tiles that a board may have. */
const TILES_MAX = 50;

/** A board while it is changed: nothing is written before it is saved. */
export function BoardEditor({ board }: { board: Board }) {
  const [draft, setDraft] = useState({ title: board.title, description: board.description, owner: board.owner, tiles: board.tiles });
  const [edited, setEdited] = useState<number | "new">();
  const { replace } = useBoardWrites();
  const setSearch = useSetSearch();
  const definitions = useDefinitions();
  const setTiles = (tiles: Tile[]) => setDraft((before) => ({ ...before, tiles }));
  const close = () => setSearch({ edit: undefined });
  const save = async () => {
    const owner = draft.owner === board.owner ? undefined : draft.owner;
    await replace.mutateAsync({ id: board.id, board: { ...draft, title: draft.title.trim(), owner, version: board.version } });
    close();
  };
  const titleOf = (tile: Tile) => tile.title ?? tile.metrics.map((name) => definitions.get(name)?.title ?? name).join(", ");
  const take = (tile: Tile) => {
    setTiles(edited === "new" ? [...draft.tiles, tile] : draft.tiles.map((one, index) => (index === edited ? tile : one)));
    setEdited(undefined);
  };
  return (
    <div className="stack is-edited">
      <PageHead
        title={t("boards.editing", { title: board.title })}
        actions={
          <>
            <Button icon="plus" isDisabled={draft.tiles.length >= TILES_MAX} onPress={() => setEdited("new")}>
              {t("boards.add_tile")}
            </Button>
            <Button onPress={close}>{t("ui.cancel")}</Button>
            <Button kind="primary" isDisabled={replace.isPending || draft.title.trim() === ""} onPress={() => { save().catch(() => undefined); }}>
              {t("ui.save")}
            </Button>
          </>
        }
      />
      {replace.error !== null && <NotSaved error={replace.error} />}
      <Card>
        <Fields draft={draft} onChange={(changes) => setDraft((before) => ({ ...before, ...changes }))} />
      </Card>
      {board.hidden_tiles > 0 && <p className="callout callout-warn">{t("boards.hidden_edit", { n: board.hidden_tiles })}</p>}
      {draft.tiles.length === 0 && (
        <Card>
          <Empty icon="boards" title={t("boards.empty")} action={<Button kind="primary" icon="plus" onPress={() => setEdited("new")}>{t("boards.add_tile")}</Button>}>
            {t("boards.empty_text")}
          </Empty>
        </Card>
      )}
      <div className="board">
        {draft.tiles.map((tile, index) => (
          // tiles have no identity but their place
          <TileView
            key={`${index} ${tile.metrics.join()}`}
            tile={tile}
            tools={
              <TileTools
                tile={tile}
                title={titleOf(tile)}
                isFirst={index === 0}
                isLast={index === draft.tiles.length - 1}
                onMove={(by) => setTiles(moved(draft.tiles, index, by))}
                onChange={(changed) => setTiles(draft.tiles.map((one, nth) => (nth === index ? changed : one)))}
                onEdit={() => setEdited(index)}
                onRemove={() => setTiles(draft.tiles.filter((_, nth) => nth !== index))}
              />
            }
          />
        ))}
      </div>
      {edited !== undefined && <TileDialog tile={edited === "new" ? NEW_TILE : (draft.tiles[edited] ?? NEW_TILE)} onSave={take} onClose={() => setEdited(undefined)} />}
    </div>
  );
}

interface FieldsProps {
  draft: { title: string; description: string; owner: string };
  onChange: (changes: { title?: string; description?: string; owner?: string }) => void;
}

function Fields({ draft, onChange }: FieldsProps) {
  return (
    <div className="board-form">
      <label className="field">
        <span className="field-label">{t("boards.title")}</span>
        <input value={draft.title} maxLength={200} required onChange={(event) => onChange({ title: event.target.value })} />
      </label>
      <label className="field">
        <span className="field-label">{t("boards.description")}</span>
        <input value={draft.description} maxLength={2000} onChange={(event) => onChange({ description: event.target.value })} />
      </label>
      <OwnerField value={draft.owner} onChange={(owner) => onChange({ owner })} />
    </div>
  );
}

/** Why a board was not saved; where another has changed it meanwhile, its newest form is read again. */
function NotSaved({ error }: { error: unknown }) {
  const isConflict = error instanceof ProblemError && error.status === 409;
  return (
    <div>
      <Problem error={error} onRetry={isConflict ? () => location.reload() : undefined} />
      {isConflict && <p className="note">{t("boards.conflict")}</p>}
    </div>
  );
}
