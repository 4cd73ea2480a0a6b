import { t } from "../../i18n/t";
import { Button, Card, CodeBlock, Notice } from "../../ui";

/** A secret that is shown now and never again. */
export function ShownOnce({ title, label, text, note, onClose }: { title: string; label: string; text: string; note: string; onClose: () => void }) {
  return (
    <Card title={title} actions={<Button onPress={onClose}>{t("admin.copied_it")}</Button>}>
      <Notice tone="warn">{t("admin.shown_once")}</Notice>
      <CodeBlock title={label} text={text} isWrapped />
      <p className="note">{note}</p>
    </Card>
  );
}
