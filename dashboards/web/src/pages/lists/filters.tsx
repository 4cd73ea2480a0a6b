import { useEffect, useRef, useState } from "react";
import { useSetSearch } from "../../data/search";
import { t } from "../../i18n/t";
import { Icon, Select } from "../../ui";

/** How long typing rests before it is asked for. */
const RESTED_MS = 300;

/** A text that rows must have, in the parameter `search` of the address. */
export function SearchFilter({ value, label }: { value: string | undefined; label: string }) {
  const setSearch = useSetSearch();
  const [draft, setDraft] = useState(value ?? "");
  const asked = useRef(value ?? "");
  useEffect(() => {
    // the address changed by Back, or by a reset
    if ((value ?? "") !== asked.current) {
      asked.current = value ?? "";
      setDraft(value ?? "");
    }
  }, [value]);
  useEffect(() => {
    if (draft.trim() === asked.current) return;
    const timer = setTimeout(() => {
      asked.current = draft.trim();
      setSearch({ search: draft.trim() || undefined }, { replace: true });
    }, RESTED_MS);
    return () => clearTimeout(timer);
  }, [draft, setSearch]);
  return (
    <label className="list-search">
      <span className="visually-hidden">{label}</span>
      <Icon name="search" size={16} />
      <input type="search" className="input" value={draft} placeholder={label} onChange={(event) => setDraft(event.target.value)} />
    </label>
  );
}

/** A choice that a parameter of the address holds; the first option is that all are shown. */
export function ChoiceFilter({ name, label, value, all, options }: { name: string; label: string; value: string | undefined; all: string; options: { value: string; text: string }[] }) {
  const setSearch = useSetSearch();
  const known = value === undefined || options.some((option) => option.value === value) ? options : [...options, { value, text: value }];
  return <Select isCompact label={label} value={value ?? ""} groups={[{ options: [{ value: "", text: all }, ...known] }]} onChange={(chosen) => setSearch({ [name]: chosen || undefined })} />;
}

/** What the page is limited to by a link that led here, such as the changes of one deployment. */
export function LimitedTo({ name, text }: { name: string; text: string }) {
  const setSearch = useSetSearch();
  return (
    <button type="button" className="list-limit" onClick={() => setSearch({ [name]: undefined })} title={t("lists.take_out")}>
      <span>{text}</span>
      <Icon name="close" size={13} />
    </button>
  );
}
