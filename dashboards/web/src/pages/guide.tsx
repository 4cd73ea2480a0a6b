import "./guide.css";
import text from "../../../../docs/metrics.md?raw";
import { t } from "../i18n/t";
import { PageHead } from "../ui";
import { Markdown } from "../ui/markdown";
import { MetricsTable } from "./guide/metrics-table";

/** The metrics that the server has, and their full definitions: docs/metrics.md as it is. */
export function GuidePage() {
  return (
    <>
      <PageHead title={t("page.guide")} />
      <MetricsTable />
      <article className="card guide" lang="en">
        <Markdown text={text.replace(/^# .*\n/, "")} />
      </article>
    </>
  );
}
