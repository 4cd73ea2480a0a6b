import { Link, type LinkProps } from "@tanstack/react-router";
import { t, type Key } from "../i18n/t";
import { Icon, type IconName } from "../ui/icon";

interface Page {
  to: LinkProps["to"];
  text: Key;
  icon: IconName;
}

/** The pages of the navigation, in order. */
export const PAGES: Page[] = [
  { to: "/", text: "page.overview", icon: "overview" },
  { to: "/teams", text: "page.teams", icon: "teams" },
  { to: "/developer", text: "page.developer", icon: "developer" },
  { to: "/product", text: "page.product", icon: "product" },
  { to: "/explore", text: "page.explore", icon: "explore" },
  { to: "/boards", text: "page.boards", icon: "boards" },
  { to: "/sources", text: "page.sources", icon: "sources" },
  { to: "/admin", text: "page.admin", icon: "admin" },
];

/** The pages that list rows, in order. */
export const LISTS: Page[] = [
  { to: "/changes", text: "page.changes", icon: "change" },
  { to: "/deployments", text: "page.deployments", icon: "deployment" },
  { to: "/incidents", text: "page.incidents", icon: "incident" },
  { to: "/runs", text: "page.runs", icon: "clock" },
  { to: "/vulnerabilities", text: "page.vulnerabilities", icon: "warning" },
];

/** How many pages a phone shows at its bottom, beside the menu with the others. */
export const PAGES_ON_PHONE = 4;

/** A link of the navigation. */
export function NavLink({ page, onClick }: { page: Page; onClick?: () => void }) {
  return (
    <Link to={page.to} className="nav-link" activeOptions={{ exact: page.to === "/", includeSearch: false }} title={t(page.text)} onClick={onClick}>
      <Icon name={page.icon} size={19} />
      <span className="nav-text">{t(page.text)}</span>
    </Link>
  );
}
