import type { ReactNode } from "react";
import { Dialog as AriaDialog, Heading, Modal, ModalOverlay } from "react-aria-components";
import { t } from "../i18n/t";
import { IconButton } from "./button";

interface DialogProps {
  title: string;
  isOpen: boolean;
  onClose: () => void;
  children: ReactNode;
  /** Below the content: buttons. */
  footer?: ReactNode;
}

/** A dialog in the middle of the page. */
export function Dialog(props: DialogProps) {
  return <Overlay {...props} kind="dialog" />;
}

/** A dialog at the side of the page, at its bottom on a phone: details, filters. */
export function Drawer(props: DialogProps) {
  return <Overlay {...props} kind="drawer" />;
}

function Overlay({ title, isOpen, onClose, children, footer, kind }: DialogProps & { kind: "dialog" | "drawer" }) {
  return (
    <ModalOverlay isOpen={isOpen} onOpenChange={(open) => !open && onClose()} isDismissable className={`overlay overlay-${kind}`}>
      <Modal className={kind}>
        <AriaDialog className="dialog-body">
          <header className="dialog-head">
            <Heading slot="title" level={2}>
              {title}
            </Heading>
            <IconButton icon="close" label={t("ui.close")} onPress={onClose} />
          </header>
          <div className="dialog-content">{children}</div>
          {footer !== undefined && <footer className="dialog-foot">{footer}</footer>}
        </AriaDialog>
      </Modal>
    </ModalOverlay>
  );
}
