import { useState } from "react";
import { answered, rest } from "../../data/client";
import { useFilter } from "../../data/filter";
import { defined } from "../../data/queries";
import { useWrite } from "../../data/writes";
import { t } from "../../i18n/t";
import { Confirm, TextField } from "../../ui";
import { PEOPLE, type Person } from "./people-data";

/** States that the accounts of several people are one person's. */
export function MergeDialog({ people, onClose, onDone }: { people: Person[]; onClose: () => void; onDone: (text: string, name: string) => void }) {
  const { tenant } = useFilter();
  const [name, setName] = useState(people.find(({ bot }) => !bot)?.name ?? people[0]?.name ?? "");
  const accounts = people.flatMap((person) => person.accounts);
  const merge = useWrite(() => answered(rest.POST("/api/v1/people/merge", { params: { query: defined({ tenant }) }, body: { name: name.trim(), accounts } })), PEOPLE);
  const confirm = () =>
    merge.mutate(undefined, {
      onSuccess: () => {
        onDone(t("people.merged", { n: accounts.length, name: name.trim() }), name.trim());
        onClose();
      },
    });
  return (
    <Confirm title={t("people.merge_title")} isOpen onClose={onClose} onConfirm={confirm} confirm={t("people.merge")} isPending={merge.isPending} isDisabled={name.trim() === ""} error={merge.error}>
      <TextField label={t("people.name")} value={name} onChange={setName} isRequired suggestions={people.map((person) => person.name)} />
      <ul className="caveats">
        {accounts.map((account) => (
          <li key={account}>{account}</li>
        ))}
      </ul>
      <p className="note">{t("people.at_once")}</p>
    </Confirm>
  );
}
