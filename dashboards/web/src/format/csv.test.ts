import { expect, it } from "vitest";
import { toCsv } from "./csv";

it("quotes what needs it, and makes no formula of a text", () => {
  expect(toCsv([["a,b", 'say "x"', null, 1.5], ["=1+1", "-2", "two\nlines", undefined]])).toBe(
    '"a,b","say ""x""",,1.5\r\n\'=1+1,\'-2,"two\nlines",\r\n',
  );
});
