import { buildSchema, parse, validate } from "graphql";
import { expect, it } from "vitest";
import sdl from "../../../../api/schema.graphql?raw";
import { examples } from "./examples";

const schema = buildSchema(sdl);

it.each(examples)("has an example that fits the schema: $title", ({ query }) => {
  expect(validate(schema, parse(query))).toEqual([]);
});
