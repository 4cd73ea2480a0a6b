import { expect, test } from "vitest";

const CATALOGS = import.meta.glob<Record<string, Record<string, unknown>>>("./{en,de}/*.ts", { eager: true });

test("a text is in one catalog of its language", () => {
  const places = new Map<string, string[]>();
  for (const [file, catalog] of Object.entries(CATALOGS)) {
    const language = file.split("/")[1];
    for (const key of Object.values(catalog).flatMap((texts) => Object.keys(texts))) {
      places.set(`${language} ${key}`, [...(places.get(`${language} ${key}`) ?? []), file]);
    }
  }
  expect(places.size).toBeGreaterThan(200);
  expect([...places].filter(([, files]) => files.length > 1)).toEqual([]);
});

const SOURCES = import.meta.glob<string>(["../**/*.{ts,tsx}", "!./{en,de}/*"], { eager: true, query: "?raw", import: "default" });

test("a text is shown somewhere", () => {
  const source = Object.values(SOURCES).join("\n");
  const named = new Set([...source.matchAll(/["'`]([a-z0-9_.]+)["'`]/g)].map(([, key]) => key));
  const begins = [...source.matchAll(/`([a-z0-9_.]+)\$\{/g)].map(([, start = ""]) => start);
  const keys = Object.values(CATALOGS).flatMap((catalog) => Object.values(catalog)).flatMap((texts) => Object.keys(texts));
  expect(keys.filter((key) => !named.has(key) && !begins.some((start) => key.startsWith(start)))).toEqual([]);
});
