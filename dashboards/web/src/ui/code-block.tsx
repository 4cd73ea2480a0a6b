import { useRef, useState } from "react";
import { t } from "../i18n/t";
import { Button } from "./button";
import "./forms.css";

/** A text to copy, such as settings, a command or a secret. `isWrapped` breaks long lines. */
export function CodeBlock({ title, text, isWrapped = false }: { title: string; text: string; isWrapped?: boolean }) {
  const shown = useRef<HTMLPreElement>(null);
  const [isCopied, setCopied] = useState(false);
  const copy = async () => {
    if (shown.current === null) return;
    // without the right to the clipboard, as on http, the text is selected for copying by hand
    getSelection()?.selectAllChildren(shown.current);
    try {
      await navigator.clipboard.writeText(text);
      setCopied(true);
    } catch {
      setCopied(false);
    }
  };
  return (
    <figure className="code-block">
      <figcaption className="code-block-head">
        {title}
        <Button kind="quiet" onPress={() => void copy()} aria-label={`${t("ui.copy")}: ${title}`}>
          <span role="status">{t(isCopied ? "ui.copied" : "ui.copy")}</span>
        </Button>
      </figcaption>
      <pre ref={shown} className={isWrapped ? "is-wrapped" : undefined} tabIndex={0} aria-label={title}>
        {text}
      </pre>
    </figure>
  );
}
