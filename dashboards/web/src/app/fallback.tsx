import { Link, type ErrorComponentProps } from "@tanstack/react-router";
import { t } from "../i18n/t";
import { PageHead } from "../ui/card";
import { Empty, Problem } from "../ui/state";

/** An address that no page has. */
export function NotFound() {
  return (
    <>
      <PageHead title={t("shell.not_found")} />
      <Empty title={t("shell.not_found")} action={<Link to="/">{t("shell.to_overview")}</Link>}>
        {t("shell.not_found_text")}
      </Empty>
    </>
  );
}

/** A page that failed; after an update of the server its files may be others, and loading it again helps. */
export function PageProblem({ error, reset }: ErrorComponentProps) {
  const isMissingFile = error instanceof TypeError && /import|module/i.test(error.message);
  return <Problem error={error} onRetry={isMissingFile ? () => location.reload() : reset} />;
}
