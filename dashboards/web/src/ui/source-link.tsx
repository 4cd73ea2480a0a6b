import { t } from "../i18n/t";
import { ExternalLink, isWeb } from "./external-link";

/** A link to where something is at its source; nothing where that has no address of the web. */
export function SourceLink({ url }: { url: string | null | undefined }) {
  return isWeb(url) ? <ExternalLink to={url}>{t("ui.open_source")}</ExternalLink> : null;
}
