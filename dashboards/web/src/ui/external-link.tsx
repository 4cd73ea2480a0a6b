import type { ReactNode } from "react";
import { Icon } from "./icon";

/** A link to an address that came from outside. What is no address of the web stays a text. */
export function ExternalLink({ to, children }: { to: string | null | undefined; children: ReactNode }) {
  if (!isWeb(to)) return children;
  return (
    <a href={to} rel="noopener noreferrer" target="_blank">
      {children} <Icon name="external" size={14} />
    </a>
  );
}

/** Whether an address is one of the web, and not of a script. */
export function isWeb(address: string | null | undefined): address is string {
  if (address === null || address === undefined || !URL.canParse(address)) return false;
  return ["http:", "https:"].includes(new URL(address).protocol);
}
