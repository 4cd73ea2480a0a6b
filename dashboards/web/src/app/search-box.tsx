import { useNavigate } from "@tanstack/react-router";
import { useEffect, useId, useRef, useState, type KeyboardEvent, type RefObject } from "react";
import { useHits, useSettled, type Hit, type HitKind } from "../data/journey";
import { formatAgo } from "../format/time";
import { t } from "../i18n/t";
import { HIT_ICON, targetOf } from "../journey/hit";
import { Icon } from "../ui/icon";
import "./search-box.css";

/** How long to wait for the next key before what is typed is searched. */
const PAUSE_MS = 140;
const HITS_MAX = 8;

interface SearchBoxProps {
  label: string;
  placeholder: string;
  /** Only things of these kinds. */
  kinds?: readonly HitKind[];
  /** `/` moves the focus here from everywhere. */
  hasHotkey?: boolean;
  /** Written larger: the search is what the page is about. */
  isLarge?: boolean;
}

/** A search with suggestions: arrows move among them, Enter opens the chosen one, or else all results. */
export function SearchBox(props: SearchBoxProps) {
  const { label, placeholder, hasHotkey = false, isLarge = false } = props;
  const id = useId();
  const { input, text, type, press, hits, note, chosen, choose, openHit, isShown, open, close } = useSuggestions(props);
  const hasHits = isShown && hits.length > 0;
  return (
    <div className={`search ${isLarge ? "search-large" : ""}`} role="search" aria-label={label} onBlur={(event) => !event.currentTarget.contains(event.relatedTarget) && close()}>
      <Icon name="search" />
      <input
        ref={input}
        type="search"
        role="combobox"
        aria-label={label}
        aria-expanded={hasHits}
        aria-controls={hasHits ? `${id}-list` : undefined}
        aria-activedescendant={hasHits && chosen >= 0 ? `${id}-${chosen}` : undefined}
        aria-autocomplete="list"
        placeholder={placeholder}
        autoComplete="off"
        spellCheck={false}
        maxLength={200}
        value={text}
        onChange={(event) => type(event.target.value)}
        onFocus={open}
        onKeyDown={press}
      />
      {hasHotkey && (
        <kbd className="search-key" aria-hidden="true">
          /
        </kbd>
      )}
      {isShown && (
        <div className="search-hits">
          {hasHits && (
            <ul id={`${id}-list`} role="listbox" aria-label={label}>
              {hits.map((hit, nth) => (
                <Suggestion key={hit.node_id} id={`${id}-${nth}`} hit={hit} isChosen={nth === chosen} onPoint={() => choose(nth)} onOpen={() => openHit(hit)} />
              ))}
            </ul>
          )}
          <p className="search-note" role="status">
            {note}
          </p>
        </div>
      )}
    </div>
  );
}

/** What is typed, what was found, which of it is chosen, and what keys do. */
function useSuggestions({ kinds, hasHotkey = false }: SearchBoxProps) {
  const navigate = useNavigate();
  const input = useRef<HTMLInputElement>(null);
  const [text, setText] = useState("");
  const [isOpen, setOpen] = useState(false);
  const [chosen, choose] = useState(-1);
  const settled = useSettled(text, PAUSE_MS).trim();
  const found = useHits(isOpen ? settled : "", { kinds, limit: HITS_MAX });
  const hits = settled.length > 1 ? (found.data?.data ?? []) : [];
  useHotkey(input, hasHotkey);

  const close = () => {
    setOpen(false);
    choose(-1);
  };
  const leave = () => {
    close();
    setText("");
    input.current?.blur();
  };
  const openHit = (hit: Hit) => {
    leave();
    void navigate(targetOf(hit) as never);
  };
  const openAll = () => {
    const q = text.trim();
    if (q === "") return;
    close();
    input.current?.blur();
    void navigate({ to: "/search", search: { q, kinds: kinds?.join(",") } } as never);
  };
  const press = (event: KeyboardEvent<HTMLInputElement>) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const hit = hits[chosen];
    if (step !== undefined && hits.length > 0) {
      setOpen(true);
      // -1 is the text itself
      choose(((chosen + 1 + step + hits.length + 1) % (hits.length + 1)) - 1);
    } else if (event.key === "Enter" && hit !== undefined) openHit(hit);
    else if (event.key === "Enter") openAll();
    else if (event.key === "Escape" && isOpen && text !== "") close();
    else if (event.key === "Escape") leave();
    else return;
    event.preventDefault();
  };
  const type = (value: string) => {
    setText(value);
    setOpen(true);
    choose(-1);
  };
  const isShown = isOpen && settled.length > 1 && text.trim().length > 1;
  return { input, text, type, press, hits, note: noteOf(found, hits), chosen, choose, openHit, isShown, open: () => setOpen(true), close };
}

function Suggestion({ id, hit, isChosen, onPoint, onOpen }: { id: string; hit: Hit; isChosen: boolean; onPoint: () => void; onOpen: () => void }) {
  return (
    // the field keeps the focus: keys are its own, and the pointer chooses
    <li id={id} role="option" aria-selected={isChosen} className="search-hit" onPointerMove={onPoint} onMouseDown={(event) => event.preventDefault()} onClick={onOpen}>
      <Icon name={HIT_ICON[hit.kind]} size={16} />
      <span className="search-hit-text">
        <span className="search-hit-title">{hit.title}</span>
        <span className="note">
          {t(`hit.${hit.kind}`)}
          {hit.subtitle !== null && ` · ${hit.subtitle}`}
        </span>
      </span>
      {hit.at !== null && <span className="note search-hit-at">{formatAgo(hit.at)}</span>}
    </li>
  );
}

function noteOf(found: { isError: boolean; data: unknown; isPlaceholderData: boolean }, hits: Hit[]): string {
  if (found.isError) return t("search.failed");
  if (found.data === undefined || found.isPlaceholderData) return t("ui.loading");
  return hits.length === 0 ? t("search.none") : t("search.keys");
}

/** Whether a key pressed here is text that someone writes. */
function isWriting(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || target.matches("input, textarea, select"));
}

function useHotkey(input: RefObject<HTMLInputElement | null>, isOn: boolean): void {
  useEffect(() => {
    if (!isOn) return;
    const focus = (event: globalThis.KeyboardEvent) => {
      if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || isWriting(event.target)) return;
      event.preventDefault();
      input.current?.focus();
      input.current?.select();
    };
    addEventListener("keydown", focus);
    return () => removeEventListener("keydown", focus);
  }, [input, isOn]);
}
