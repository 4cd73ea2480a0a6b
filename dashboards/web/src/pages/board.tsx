import { Link, useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { useState } from "react";
import { saveToml, useBoard, useBoardWrites, type Board } from "../data/boards";
import { useFilter } from "../data/filter";
import { useSetSearch } from "../data/search";
import { t } from "../i18n/t";
import { Button, Card, Dialog, Empty, IconButton, Loaded, Menu, MenuItem, PageHead, Problem, Skeleton } from "../ui";
import { BoardEditor } from "./board/board-editor";
import { ownerText } from "./board/owner-field";
import { TileView } from "./board/tile-view";
import "./board/board.css";

export function BoardPage() {
  const { board: id } = useParams({ from: "/boards/$board" });
  const { edit } = useSearch({ from: "/boards/$board" });
  const board = useBoard(id);
  return (
    <Loaded query={board} skeleton={<BoardSkeleton />}>
      {({ data }) => (edit !== undefined && data.may_change ? <BoardEditor key={data.id} board={data} /> : <Shown board={data} />)}
    </Loaded>
  );
}

function Shown({ board }: { board: Board }) {
  const setSearch = useSetSearch();
  const { title, description, owner, may_change, tiles, hidden_tiles } = board;
  const edit = () => setSearch({ edit: "true" });
  return (
    <div className="stack">
      <PageHead
        title={title}
        kicker={<Link to="/boards">{t("page.boards")}</Link>}
        note={[ownerText(owner), description].filter((text) => text !== "").join(" · ")}
        actions={
          <>
            {may_change && (
              <Button icon="edit" onPress={edit}>
                {t("boards.edit")}
              </Button>
            )}
            <More board={board} />
          </>
        }
      />
      {hidden_tiles > 0 && <p className="callout callout-warn">{t("boards.hidden", { n: hidden_tiles })}</p>}
      {tiles.length === 0 ? (
        <Card>
          <Empty icon="boards" title={t("boards.empty")} action={may_change && <Button kind="primary" icon="plus" onPress={edit}>{t("boards.add_tile")}</Button>}>
            {t("boards.empty_text")}
          </Empty>
        </Card>
      ) : (
        <div className="board">
          {tiles.map((tile, index) => (
            // tiles have no identity but their place
            <TileView key={`${index} ${tile.metrics.join()}`} tile={tile} />
          ))}
        </div>
      )}
    </div>
  );
}

/** What is done with a board as a whole: export, print, delete. */
function More({ board }: { board: Board }) {
  const { tenant } = useFilter();
  const [isDeleting, setDeleting] = useState(false);
  const [error, setError] = useState<unknown>(null);
  return (
    <>
      <Menu label={t("boards.more")} trigger={<IconButton icon="more" label={t("boards.more")} />}>
        <MenuItem icon="download" onAction={() => void saveToml(board, tenant).catch(setError)}>
          {t("boards.export")}
        </MenuItem>
        <MenuItem icon="print" onAction={() => print()}>
          {t("ui.print")}
        </MenuItem>
        {board.may_change && (
          <MenuItem icon="trash" onAction={() => setDeleting(true)}>
            {t("boards.delete")}
          </MenuItem>
        )}
      </Menu>
      <Dialog title={t("boards.export")} isOpen={error !== null} onClose={() => setError(null)}>
        <Problem error={error} />
      </Dialog>
      <Dialog title={t("boards.delete")} isOpen={isDeleting} onClose={() => setDeleting(false)}>
        {isDeleting && <Delete board={board} onClose={() => setDeleting(false)} />}
      </Dialog>
    </>
  );
}

function Delete({ board, onClose }: { board: Board; onClose: () => void }) {
  const { remove } = useBoardWrites();
  const navigate = useNavigate();
  const confirm = async () => {
    await remove.mutateAsync({ id: board.id, version: board.version });
    await navigate({ to: "/boards" });
  };
  return (
    <div className="stack">
      <p>{t("boards.delete_text", { title: board.title })}</p>
      {remove.error !== null && <Problem error={remove.error} />}
      <p className="row">
        <Button kind="danger" isDisabled={remove.isPending} onPress={() => { confirm().catch(() => undefined); }}>
          {t("ui.delete")}
        </Button>
        <Button onPress={onClose}>{t("ui.cancel")}</Button>
      </p>
    </div>
  );
}

function BoardSkeleton() {
  return (
    <div className="stack">
      <PageHead title={t("page.board")} note=" " />
      <div className="grid">
        {[1, 2, 3, 4].map((nth) => (
          <Card key={nth}>
            <Skeleton height={220} />
          </Card>
        ))}
      </div>
    </div>
  );
}
