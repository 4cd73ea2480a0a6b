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
