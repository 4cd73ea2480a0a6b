import type { ReactNode } from "react";
import { Dialog as AriaDialog, Heading, Modal, ModalOverlay } from "react-aria-components";
import { t } from "../i18n/t";
import { IconButton } from "./button";

export interface OverlayProps {
  title: string;
  isOpen: boolean;
  onClose: () => void;
  children: ReactNode;
  /** Below the content: buttons. */
  footer?: ReactNode;
}

/** A dialog over the page: in its middle, or at its side. */
export function Overlay({ title, isOpen, onClose, children, footer, kind }: OverlayProps & { kind: "dialog" | "drawer" }) {
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
