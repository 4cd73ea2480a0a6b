import { t } from "../../i18n/t";
import { IconButton } from "../../ui";
import type { Tile } from "../../data/boards";

/** Columns that a board has; a tile has as many rows at most. */
const LARGEST = 12;

interface TileToolsProps {
  tile: Tile;
  title: string;
  isFirst: boolean;
  isLast: boolean;
  onMove: (by: -1 | 1) => void;
  onChange: (tile: Tile) => void;
  onEdit: () => void;
  onRemove: () => void;
}

/** What moves, sizes, changes and removes a tile, by pointer and by keyboard alike. */
export function TileTools({ tile, title, isFirst, isLast, onMove, onChange, onEdit, onRemove }: TileToolsProps) {
  const { width = 6, height = 4 } = tile;
  const of = { title };
  return (
    <div className="tile-tools" role="toolbar" aria-label={t("boards.tools", of)}>
      <IconButton icon="left" label={t("boards.earlier", of)} isDisabled={isFirst} onPress={() => onMove(-1)} />
      <IconButton icon="right" label={t("boards.later", of)} isDisabled={isLast} onPress={() => onMove(1)} />
      <IconButton icon="narrower" label={t("boards.narrower", of)} isDisabled={width <= 2} onPress={() => onChange({ ...tile, width: Math.max(width - 1, 2) })} />
      <IconButton icon="wider" label={t("boards.wider", of)} isDisabled={width >= LARGEST} onPress={() => onChange({ ...tile, width: width + 1 })} />
      <IconButton icon="arrow_up" label={t("boards.lower", of)} isDisabled={height <= 2} onPress={() => onChange({ ...tile, height: height - 1 })} />
      <IconButton icon="arrow_down" label={t("boards.higher", of)} isDisabled={height >= LARGEST} onPress={() => onChange({ ...tile, height: height + 1 })} />
      <IconButton icon="edit" label={t("boards.edit_tile", of)} onPress={onEdit} />
      <IconButton icon="trash" label={t("boards.remove_tile", of)} onPress={onRemove} />
    </div>
  );
}
