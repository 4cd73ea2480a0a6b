import { useSyncExternalStore } from "react";
import { LOCALES, locale, setLocale, type Locale } from "../i18n/t";

const KEY = "sei.locale";
const watchers = new Set<() => void>();

/** The language that was chosen here, else that of the browser where there is a catalog. */
export function preferredLocale(): Locale {
  const wanted = [localStorage.getItem(KEY), ...navigator.languages.map((language) => language.slice(0, 2))];
  return (wanted.find((name) => name !== null && name in LOCALES) as Locale | undefined) ?? "en";
}

/** Chooses a language and keeps the choice on this device. */
export async function chooseLocale(to: Locale): Promise<void> {
  await setLocale(to);
  localStorage.setItem(KEY, to);
  for (const watcher of watchers) watcher();
}

/** The language of the page; who reads it is rendered again when it changes. */
export function useLocale(): Locale {
  return useSyncExternalStore(
    (watcher) => {
      watchers.add(watcher);
      return () => watchers.delete(watcher);
    },
    locale,
  );
}

/** Whether the browser believes to be connected. */
export function useIsOnline(): boolean {
  return useSyncExternalStore(
    (changed) => {
      addEventListener("online", changed);
      addEventListener("offline", changed);
      return () => {
        removeEventListener("online", changed);
        removeEventListener("offline", changed);
      };
    },
    () => navigator.onLine,
  );
}
