import { useScopes } from "../../data/queries";
import { t } from "../../i18n/t";
import { Select } from "../../ui";

/** Who has a board: who made it, a team, or everyone. The server says who may give it to whom. */
export function OwnerField({ value, onChange }: { value: string; onChange: (owner: string) => void }) {
  const { teams } = useScopes();
  const names = teams.map(({ name }) => `team:${name}`);
  if (value.startsWith("team:") && !names.includes(value)) names.push(value);
  const groups = [
    { options: [{ value: "me", text: t("boards.owner_me") }, { value: "everyone", text: t("boards.owner_everyone") }] },
    { label: t("filter.teams"), options: names.map((name) => ({ value: name, text: ownerText(name) })) },
  ];
  return <Select label={t("boards.owner")} value={value} groups={groups} onChange={onChange} />;
}

/** Who has a board, in words. */
export function ownerText(owner: string): string {
  if (owner === "me") return t("boards.owner_me");
  if (owner === "everyone") return t("boards.owner_everyone");
  return owner.startsWith("team:") ? t("boards.owner_team", { team: owner.slice("team:".length) }) : owner;
}
