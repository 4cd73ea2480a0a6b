import type { ReactNode } from "react";
import { t } from "../i18n/t";
import { IconButton } from "./button";
import "./forms.css";

/** What a change has done, or what to know before one; `action` undoes it or goes on. */
export function Notice({ tone = "info", children, action, onClose }: { tone?: "info" | "good" | "warn" | "bad"; children: ReactNode; action?: ReactNode; onClose?: () => void }) {
  return (
    <div className={`notice notice-${tone}`} role="status">
      <span className="notice-text">{children}</span>
      {action}
      {onClose !== undefined && <IconButton icon="close" label={t("ui.close")} onPress={onClose} />}
    </div>
  );
}
