import { Link, Outlet, useRouterState } from "@tanstack/react-router";
import { lazy, Suspense, useDeferredValue, useEffect, useState, type ReactNode } from "react";
import { Button as AriaButton } from "react-aria-components";
import icon from "../../static/icon.svg";
import { setCsrf } from "../data/client";
import { useFilter } from "../data/filter";
import { useIsLive, useLive } from "../data/live";
import { Definitions, useLoadedDefinitions, useMe, useTenants } from "../data/queries";
import { setTimeZone } from "../format/time";
import { t } from "../i18n/t";
import { IconButton } from "../ui/button";
import { Drawer } from "../ui/dialog";
import { Icon } from "../ui/icon";
import { Tooltip } from "../ui/tooltip";
import { FilterBar } from "./filter-bar";
import { LISTS, NavLink, PAGES, PAGES_ON_PHONE } from "./navigation";
import { SearchBox } from "./search-box";
import { useIsOnline } from "./settings";
import { TenantSelect } from "./tenant-select";

// menus are not part of what is loaded first
const AccountMenu = lazy(() => import("./account-menu").then((module) => ({ default: module.AccountMenu })));

/** What surrounds every page: navigation, search, filter, account. */
export function Shell() {
  const filter = useFilter();
  useLive(filter.tenant);
  setTimeZone(filter.time_zone);
  return (
    <div className="shell">
      <a className="skip" href="#content">
        {t("app.skip")}
      </a>
      <Rail />
      <div className="main">
        <header className="top">
          <div className="top-row">
            <Brand />
            <DemoNote />
            <SearchBox label={t("shell.search_label")} placeholder={t("shell.search")} hasHotkey />
            <div className="top-end">
              <TenantSelect />
              <Account />
            </div>
          </div>
          <FilterBar />
        </header>
        <Content>
          <WithDefinitions>
            <Outlet />
          </WithDefinitions>
          <Notes />
        </Content>
      </div>
      <BottomBar />
    </div>
  );
}

/** What is about the page. It is busy from the change of the address until the page of that address is rendered. */
function Content({ children }: { children: ReactNode }) {
  const isLoading = useRouterState({ select: (state) => state.isLoading });
  return (
    <main id="content" className="content" tabIndex={-1} aria-busy={isLoading}>
      {children}
    </main>
  );
}

/** Gives definitions to the page; what else is shown is not rendered again when they arrive. */
function WithDefinitions({ children }: { children: ReactNode }) {
  return <Definitions value={useDeferredValue(useLoadedDefinitions())}>{children}</Definitions>;
}

function Brand() {
  return (
    <Link to="/" className="brand">
      <img src={icon} alt="" width={24} height={24} />
      <span className="brand-text">{t("app.name")}</span>
    </Link>
  );
}

/** The button of the account's menu, which is loaded when it is first wanted. */
function Account() {
  const me = useMe().data;
  const [isWanted, setWanted] = useState(false);
  const csrf = me?.csrf;
  useEffect(() => setCsrf(csrf ?? null), [csrf]);
  const button = <IconButton icon="person" label={t("shell.menu")} aria-haspopup="menu" onPress={() => setWanted(true)} />;
  if (!isWanted) return button;
  return (
    <Suspense fallback={button}>
      <AccountMenu me={me} />
    </Suspense>
  );
}

function Rail() {
  return (
    <nav className="rail" aria-label={t("nav.label")}>
      <div className="rail-head">
        <Brand />
        <DemoNote />
      </div>
      <div className="rail-links">
        {PAGES.map((page) => (
          <NavLink key={page.text} page={page} />
        ))}
      </div>
      <Lists />
      <div className="rail-foot">
        <Live />
      </div>
    </nav>
  );
}

function Lists({ onClick }: { onClick?: () => void }) {
  return (
    <div className="rail-links rail-lists" role="group" aria-label={t("nav.lists")}>
      {LISTS.map((page) => (
        <NavLink key={page.text} page={page} onClick={onClick} />
      ))}
    </div>
  );
}

function Live() {
  const isLive = useIsLive();
  return (
    <Tooltip text={t(isLive ? "live.on_text" : "live.off_text")}>
      <span className={`live ${isLive ? "live-on" : ""}`} tabIndex={0} role="status">
        {t(isLive ? "live.on" : "live.off")}
      </span>
    </Tooltip>
  );
}

function useIsDemo(): boolean {
  const { tenant } = useFilter();
  const tenants = useTenants();
  return tenants.data?.data.some(({ name, demo }) => demo && name === (tenant ?? tenants.data.tenant)) ?? false;
}

/** States that the data is made up. */
function DemoNote() {
  if (!useIsDemo()) return null;
  return (
    <Tooltip text={t("shell.demo_text")}>
      <span className="badge badge-info demo-note" tabIndex={0}>
        {t("shell.demo")}
      </span>
    </Tooltip>
  );
}

function Notes() {
  const isOnline = useIsOnline();
  const isDemo = useIsDemo();
  // beside the content and not in it, so that nothing moves when they appear
  return (
    <div className="notes">
      {!isOnline && (
        <p className="callout callout-warn" role="status">
          {t("shell.offline")}
        </p>
      )}
      {isDemo && <p className="callout on-paper">{t("shell.demo_text")}</p>}
    </div>
  );
}

function BottomBar() {
  const [isOpen, setOpen] = useState(false);
  return (
    <nav className="bottom" aria-label={t("nav.label")}>
      {PAGES.slice(0, PAGES_ON_PHONE).map((page) => (
        <NavLink key={page.text} page={page} />
      ))}
      <AriaButton className="icon-button" onPress={() => setOpen(true)}>
        <Icon name="more" />
        {t("nav.more")}
      </AriaButton>
      <Drawer title={t("nav.more")} isOpen={isOpen} onClose={() => setOpen(false)}>
        <div className="rail-links">
          {PAGES.slice(PAGES_ON_PHONE).map((page) => (
            <NavLink key={page.text} page={page} onClick={() => setOpen(false)} />
          ))}
        </div>
        <Lists onClick={() => setOpen(false)} />
      </Drawer>
    </nav>
  );
}
