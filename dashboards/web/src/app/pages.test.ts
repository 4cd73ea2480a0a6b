import { expect, it } from "vitest";
import server from "../../../../api/src/web.rs?raw";
import { de } from "../i18n/de";
import { en } from "../i18n/en";
import router from "./router.tsx?raw";

it("has no page at an address that the server does not answer with the application", () => {
  const used = [...router.matchAll(/path: "\/([a-z]+)/g)].map(([, name]) => name);
  const list = /const PAGES: &\[&str\] = &\[([^\]]*)\]/.exec(server)?.[1] ?? "";
  const served = [...list.matchAll(/"([a-z]+)"/g)].map(([, name]) => name);
  expect([...new Set(used)].sort()).toEqual(served.sort());
});

it("has every text in both languages, with the same parameters", () => {
  const parameters = (message: unknown) => [...new Set(JSON.stringify(message).match(/\{\w+\}/g))].sort();
  for (const [key, message] of Object.entries(en)) {
    expect([key, parameters(de[key as keyof typeof de])]).toEqual([key, parameters(message)]);
  }
  expect(Object.keys(de).sort()).toEqual(Object.keys(en).sort());
});
