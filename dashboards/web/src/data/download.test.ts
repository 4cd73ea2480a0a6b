import { expect, test } from "vitest";
import { nextOf } from "./download";

test("the next page is the one that the header calls so", () => {
  const link = '</api/v1/changes?limit=2>; rel="first", </api/v1/changes?limit=2&cursor=WyJ4Il0>; rel="next"';
  expect(nextOf(link)).toBe("/api/v1/changes?limit=2&cursor=WyJ4Il0");
  expect(nextOf('</api/v1/changes>; rel="first"')).toBeUndefined();
  expect(nextOf(null)).toBeUndefined();
});
