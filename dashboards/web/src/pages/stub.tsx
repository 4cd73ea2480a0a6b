import { t, type Key } from "../i18n/t";
import { Card, Empty, PageHead } from "../ui";

/** Stands in for a page that is not there yet. */
export function Stub({ title }: { title: Key }) {
  return (
    <>
      <PageHead title={t(title)} />
      <Card>
        <Empty title={t("shell.stub")}>{t("shell.stub_text")}</Empty>
      </Card>
    </>
  );
}
