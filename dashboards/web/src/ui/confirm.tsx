import type { ReactNode } from "react";
import { t } from "../i18n/t";
import { Button } from "./button";
import { Dialog } from "./dialog";
import { Problem } from "./state";

interface ConfirmProps {
  title: string;
  isOpen: boolean;
  onClose: () => void;
  onConfirm: () => void;
  /** What the button says: the verb. */
  confirm: string;
  isDanger?: boolean;
  isPending?: boolean;
  isDisabled?: boolean;
  /** Why it did not work. */
  error?: unknown;
  children: ReactNode;
}

/** Asks before something is changed that can't be taken back, or that others notice. */
export function Confirm({ title, isOpen, onClose, onConfirm, confirm, isDanger = false, isPending = false, isDisabled = false, error, children }: ConfirmProps) {
  const footer = (
    <>
      <Button onPress={onClose}>{t("ui.cancel")}</Button>
      <Button kind={isDanger ? "danger" : "primary"} onPress={onConfirm} isDisabled={isPending || isDisabled}>
        {confirm}
      </Button>
    </>
  );
  return (
    <Dialog title={title} isOpen={isOpen} onClose={onClose} footer={footer}>
      <div className="stack">
        {children}
        {error !== undefined && error !== null && <Problem error={error} title={t("problem.not_done")} />}
      </div>
    </Dialog>
  );
}
