import { useNavigate } from "@tanstack/react-router";
import { useFilter } from "../data/filter";
import { useTenants } from "../data/queries";
import { t } from "../i18n/t";
import { Select } from "../ui/choice";

/** Chooses whose data is shown; nothing where there is only one. Team and service belong to a tenant, so they go. */
export function TenantSelect() {
  const { tenant } = useFilter();
  const navigate = useNavigate();
  const { data } = useTenants();
  if (data === undefined || data.data.length < 2) return null;
  const options = data.data.map(({ name }) => ({ value: name, text: name }));
  const choose = (name: string) => void navigate({ to: "/", search: { tenant: name, team: undefined, service: undefined, environment: undefined } });
  return <Select isCompact label={t("shell.tenant")} value={tenant ?? data.tenant} groups={[{ options }]} onChange={choose} />;
}
