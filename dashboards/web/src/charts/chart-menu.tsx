import { Button as AriaButton } from "react-aria-components";
import { saveFile, toCsv } from "../format/csv";
import { t } from "../i18n/t";
import { Icon } from "../ui/icon";
import { Menu, MenuItem } from "../ui/menu";
import type { ChartTable } from "./chart";

interface ChartMenuProps {
  title: string;
  table: ChartTable;
  isTable: boolean;
  onTable: (value: boolean) => void;
  /** Saves the chart as an image; absent where there is nothing to draw. */
  onImage?: (kind: "svg" | "png") => void;
}

/** What can be done with a chart: its numbers as a table, and as a file. It opens as soon as it is loaded. */
export function ChartMenu({ title, table, isTable, onTable, onImage }: ChartMenuProps) {
  const csv = () => saveFile(`${title}.csv`, "text/csv", toCsv([table.heads, ...table.rows]));
  return (
    <Menu
      isOpenAtFirst
      label={t("chart.menu", { title })}
      trigger={
        <AriaButton className="icon-button" aria-label={t("chart.menu", { title })}>
          <Icon name="more" size={16} />
        </AriaButton>
      }
    >
      <MenuItem icon="boards" onAction={() => onTable(!isTable)}>
        {t(isTable ? "chart.as_chart" : "chart.as_table")}
      </MenuItem>
      <MenuItem icon="download" onAction={csv}>
        {t("chart.csv")}
      </MenuItem>
      {onImage !== undefined && (
        <MenuItem icon="download" onAction={() => onImage("png")}>
          {t("chart.png")}
        </MenuItem>
      )}
      {onImage !== undefined && (
        <MenuItem icon="download" onAction={() => onImage("svg")}>
          {t("chart.svg")}
        </MenuItem>
      )}
    </Menu>
  );
}
