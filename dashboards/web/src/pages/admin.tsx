import { Link, useSearch } from "@tanstack/react-router";
import { useRights } from "../data/rights";
import { useSetSearch } from "../data/search";
import type { Me } from "../data/types";
import { t } from "../i18n/t";
import { Card, CodeBlock, Empty, PageHead, Skeleton, Tabs } from "../ui";
import { AuditLog } from "./admin/audit";
import { Grants } from "./admin/grants";
import { Mapping } from "./admin/mapping";
import { People } from "./admin/people";
import { Tenants } from "./admin/tenants";
import { AllTokens, Users } from "./admin/users";
import "./admin/admin.css";
import "./lists/lists.css";

export function AdminPage() {
  const { me, administers, administersAll } = useRights();
  const { tab = "people", search, action, actor } = useSearch({ from: "/admin" });
  const setSearch = useSetSearch();
  const head = <PageHead title={t("page.admin")} note={t("admin.note")} />;
  if (me === undefined) return <>{head}<Skeleton height={300} /></>;
  if (!administers) return <>{head}<NotAllowed me={me} /></>;
  const ofTenant = [
    { id: "people", title: t("admin.people"), content: <People search={search} /> },
    { id: "mapping", title: t("admin.mapping"), content: <Mapping /> },
  ];
  const ofAll = [
    { id: "users", title: t("admin.users"), content: <Users /> },
    { id: "grants", title: t("admin.grants"), content: <Grants /> },
    { id: "tokens", title: t("admin.tokens"), content: <AllTokens /> },
    { id: "tenants", title: t("admin.tenants"), content: <Tenants /> },
  ];
  const audit = { id: "audit", title: t("admin.audit"), content: <AuditLog action={action} actor={actor} /> };
  const tabs = [...ofTenant, ...(administersAll ? ofAll : []), audit];
  const open = tabs.some(({ id }) => id === tab) ? tab : "people";
  return (
    <>
      {head}
      <Tabs label={t("page.admin")} open={open} onOpen={(id) => setSearch({ tab: id === "people" ? undefined : id, search: undefined, action: undefined, actor: undefined })} tabs={tabs} />
    </>
  );
}

const COMMANDS = `sei people              # who is who: merge, split
sei grant add --user ann --role manager --tenant main
sei user list
sei token create ci --role viewer --days 90
sei tenant list
sei audit list`;

/** Why there is nothing to manage here, and how it is done instead. */
function NotAllowed({ me: { principal, tenant } }: { me: Me }) {
  const isOpen = principal.kind === "anyone";
  return (
    <Card>
      <Empty icon="admin" title={t(isOpen ? "admin.no_login" : "admin.not_allowed")} action={isOpen ? undefined : <Link to="/account">{t("admin.to_account")}</Link>}>
        {isOpen ? t("admin.no_login_text") : t("admin.not_allowed_text", { role: tenant?.role ?? t("account.nothing") })}
      </Empty>
      {isOpen && <CodeBlock title={t("admin.commands")} text={COMMANDS} />}
    </Card>
  );
}
