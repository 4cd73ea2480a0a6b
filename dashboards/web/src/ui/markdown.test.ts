import { expect, it } from "vitest";
import { blocksOf } from "./markdown";

it("keeps code whole and separates headings, lists and tables", () => {
  const text = "# Title\nText that\ngoes on.\n\n```sh\na\n\n# b\n```\n| a |\n|---|\n| b |\n\n- one\n- two";
  expect(blocksOf(text)).toEqual(["# Title", "Text that\ngoes on.", "```sh\na\n\n# b\n```", "| a |\n|---|\n| b |", "- one\n- two"]);
});
