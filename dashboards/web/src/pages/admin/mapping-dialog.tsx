import { useState, type ReactNode } from "react";
import { t } from "../../i18n/t";
import { Button, Dialog, Notice, Problem } from "../../ui";

interface MappingDialogProps {
  title: string;
  /** The settings declare it, so it is changed there only. */
  isReadOnly: boolean;
  isReady: boolean;
  isPending: boolean;
  error: unknown;
  onClose: () => void;
  onSave: () => void;
  /** Undefined for what is new. */
  onRemove: (() => void) | undefined;
  removeText: string;
  children: ReactNode;
}

/** A dialog that states what belongs to a service or a team. To remove takes two steps. */
export function MappingDialog({ title, isReadOnly, isReady, isPending, error, onClose, onSave, onRemove, removeText, children }: MappingDialogProps) {
  const [isRemoving, setRemoving] = useState(false);
  const footer = isReadOnly ? (
    <Button onPress={onClose}>{t("ui.close")}</Button>
  ) : isRemoving ? (
    <>
      <Button onPress={() => setRemoving(false)}>{t("ui.cancel")}</Button>
      <Button kind="danger" onPress={onRemove} isDisabled={isPending}>{t("mapping.remove")}</Button>
    </>
  ) : (
    <>
      {onRemove !== undefined && <Button kind="quiet" onPress={() => setRemoving(true)}>{t("mapping.remove")}</Button>}
      <Button onPress={onClose}>{t("ui.cancel")}</Button>
      <Button kind="primary" onPress={onSave} isDisabled={isPending || !isReady}>{t("ui.save")}</Button>
    </>
  );
  return (
    <Dialog title={title} isOpen onClose={onClose} footer={footer}>
      <div className="stack">
        {isReadOnly && <Notice>{t("mapping.in_settings_text")}</Notice>}
        {isRemoving && <Notice tone="warn">{removeText}</Notice>}
        {error !== null && <Problem error={error} title={t("problem.not_done")} />}
        <fieldset className="mapping-fields" disabled={isReadOnly}>
          {children}
        </fieldset>
      </div>
    </Dialog>
  );
}
