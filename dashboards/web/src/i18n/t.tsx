import { Fragment, type ReactNode } from "react";
import { en } from "./en";

/** The key of a text. */
export type Key = keyof typeof en;
/** A text, or one for each plural category; the parameter `n` chooses between them. */
export type Message = string | ({ other: string } & Partial<Record<Intl.LDMLPluralRule, string>>);
/** A catalog in another language: it has every key of the English one. */
export type Catalog = Record<Key, Message>;
type Params = Record<string, string | number>;

export const LOCALES = { en: "English", de: "Deutsch" } as const;
export type Locale = keyof typeof LOCALES;

const loaders: Record<Locale, () => Promise<Catalog>> = {
  en: () => Promise.resolve(en),
  de: () => import("./de").then((module) => module.de),
};

let catalog: Catalog = en;
let current: Locale = "en";

/** The language of the page. */
export function locale(): Locale {
  return current;
}

/** Loads the catalog of a language. What is shown has to be rendered again. */
export async function setLocale(to: Locale): Promise<void> {
  catalog = await loaders[to]();
  current = to;
  document.documentElement.lang = to;
}

function messageOf(key: Key, params: Record<string, unknown>): string {
  const message = catalog[key];
  if (typeof message === "string") return message;
  const category = new Intl.PluralRules(current).select(Number(params.n));
  return message[category] ?? message.other;
}

/** The text of a key in the language of the page, with `{name}` replaced by parameters. */
export function t(key: Key, params: Params = {}): string {
  return messageOf(key, params).replace(/\{(\w+)\}/g, (whole, name: string) => written(params[name] ?? whole));
}

function written(value: string | number): string {
  return typeof value === "number" ? new Intl.NumberFormat(current).format(value) : value;
}

/** The same with elements for parameters. */
export function tr(key: Key, params: Record<string, ReactNode>): ReactNode {
  return messageOf(key, params).split(/(\{\w+\})/).map((part, index) => {
    const name = /^\{(\w+)\}$/.exec(part)?.[1];
    const value = name === undefined ? part : (params[name] ?? part);
    // the parts of a text never change their order
    return <Fragment key={index}>{typeof value === "number" ? written(value) : value}</Fragment>;
  });
}

/** The text of a key that is put together, such as the name of a level; `fallback` where the catalog has none. */
export function tOr(key: string, fallback: string): string {
  return key in en ? t(key as Key) : fallback;
}
