import { useState } from "react";
import { t } from "../../i18n/t";
import { Button } from "../../ui";

/** Copies the address, which holds everything that is shown. */
export function CopyLink() {
  const [isCopied, setCopied] = useState(false);
  const copy = async () => {
    await navigator.clipboard.writeText(location.href);
    setCopied(true);
    setTimeout(() => setCopied(false), 2000);
  };
  return (
    <Button icon={isCopied ? "check" : "link"} onPress={() => void copy()}>
      {t(isCopied ? "ui.copied" : "explore.copy_link")}
    </Button>
  );
}
