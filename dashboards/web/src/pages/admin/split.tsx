import { useState } from "react";
import { answered, rest } from "../../data/client";
import { useFilter } from "../../data/filter";
import { defined } from "../../data/queries";
import { useWrite } from "../../data/writes";
import { t } from "../../i18n/t";
import { CheckField, Confirm, TextField } from "../../ui";
import { PEOPLE, type Person } from "./people-data";

/** States that some accounts of a person are another person's only. */
export function SplitDialog({ person, onClose, onDone }: { person: Person; onClose: () => void; onDone: (text: string, name: string) => void }) {
  const { tenant } = useFilter();
  const [name, setName] = useState("");
  const [chosen, setChosen] = useState<string[]>([]);
  const split = useWrite(() => answered(rest.POST("/api/v1/people/split", { params: { query: defined({ tenant }) }, body: { name: name.trim(), accounts: chosen } })), PEOPLE);
  const confirm = () =>
    split.mutate(undefined, {
      onSuccess: () => {
        onDone(t("people.was_split", { n: chosen.length, name: name.trim() }), name.trim());
        onClose();
      },
    });
  const isReady = name.trim() !== "" && chosen.length > 0 && chosen.length < person.accounts.length;
  return (
    <Confirm title={t("people.split_title", { name: person.name })} isOpen onClose={onClose} onConfirm={confirm} confirm={t("people.split")} isPending={split.isPending} isDisabled={!isReady} error={split.error}>
      <fieldset className="choices">
        <legend className="field-label">{t("people.split_which")}</legend>
        {person.accounts.map((account) => (
          <CheckField key={account} label={account} isChecked={chosen.includes(account)} onChange={(is) => setChosen(is ? [...chosen, account] : chosen.filter((one) => one !== account))} />
        ))}
      </fieldset>
      <TextField label={t("people.split_name")} value={name} onChange={setName} isRequired />
      <p className="note">{t("people.at_once")}</p>
    </Confirm>
  );
}
