import { useNavigate } from "@tanstack/react-router";
import { Button as AriaButton } from "react-aria-components";
import { toLogin } from "../data/problem";
import type { Me } from "../data/types";
import { LOCALES, t, type Locale } from "../i18n/t";
import { Icon } from "../ui/icon";
import { Menu, MenuGroup, MenuItem } from "../ui/menu";
import { logOut } from "./logout";
import { chooseLocale, useLocale } from "./settings";
import { chooseTheme, chosenTheme, type Theme } from "./theme";

const THEMES: Theme[] = ["system", "light", "dark"];

/** The menu of who is logged in, with theme and language; it opens as soon as it is loaded. */
export function AccountMenu({ me }: { me: Me | undefined }) {
  const locale = useLocale();
  const navigate = useNavigate();
  const theme = chosenTheme();
  const kind = me?.principal.kind;
  const isUser = kind === "user";
  return (
    <Menu
      isOpenAtFirst
      label={t("shell.menu")}
      trigger={
        <AriaButton className="icon-button" aria-label={t("shell.menu")}>
          <Icon name="person" />
        </AriaButton>
      }
    >
      {isUser && me !== undefined && (
        <MenuGroup title={t("shell.as", { name: me.principal.name })}>
          <MenuItem onAction={() => void navigate({ to: "/account" })}>{t("page.account")}</MenuItem>
          <MenuItem onAction={() => void logOut()}>{t("shell.logout")}</MenuItem>
        </MenuGroup>
      )}
      {me !== undefined && me.grants.length === 0 && <MenuItem onAction={toLogin}>{t("shell.login")}</MenuItem>}
      <MenuGroup title={t("shell.theme")} chosen={theme}>
        {THEMES.map((name) => (
          <MenuItem key={name} id={name} onAction={() => chooseTheme(name)}>
            {t(`shell.theme_${name}`)}
          </MenuItem>
        ))}
      </MenuGroup>
      <MenuGroup title={t("shell.language")} chosen={locale}>
        {(Object.entries(LOCALES) as [Locale, string][]).map(([name, title]) => (
          <MenuItem key={name} id={name} onAction={() => void chooseLocale(name)}>
            {title}
          </MenuItem>
        ))}
      </MenuGroup>
      <MenuGroup title={t("shell.interfaces")}>
        <MenuItem href="/api/docs" target="_blank" icon="external">
          {t("shell.rest")}
        </MenuItem>
        <MenuItem href="/graphql" target="_blank" icon="external">
          {t("shell.graphql")}
        </MenuItem>
      </MenuGroup>
    </Menu>
  );
}
