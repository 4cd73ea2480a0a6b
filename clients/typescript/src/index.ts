// The client of sei's REST API. Its types are generated into schema.ts from the description of the API.
import createFetchClient, { type Client, type ClientOptions } from "openapi-fetch";
import type { components, operations, paths } from "./schema.js";

export type { components, operations, paths };

/** The schemas of the description, by name: `Schemas["Problem"]`. */
export type Schemas = components["schemas"];

/** Answers come as JSON, problems as their own form of it; lists could also come as CSV and NDJSON. */
type Media = "application/json" | "application/problem+json";

export type Sei = Client<paths, Media>;

/** The addresses that can be read. */
export type ReadPath = { [Path in keyof paths]: paths[Path] extends { get: object } ? Path : never }[keyof paths];

/** What a read answers in JSON: `Answer<"/api/v1/dora">`. */
export type Answer<Path extends ReadPath> = paths[Path] extends {
  get: { responses: { 200: { content: { "application/json": infer Body } } } };
}
  ? Body
  : never;

/** A row of a list: `Row<"/api/v1/deployments">`. */
export type Row<Path extends ReadPath> = Answer<Path> extends { data: (infer One)[] } ? One : never;

/** What a read may be asked: `Question<"/api/v1/dora">`. */
export type Question<Path extends ReadPath> = paths[Path] extends { get: { parameters: { query?: infer Query } } }
  ? NonNullable<Query>
  : never;

export interface Options extends Omit<ClientOptions, "headers"> {
  /** The API token. Browsers send the cookie of their session instead. */
  token?: string | undefined;
  headers?: Record<string, string>;
}

/** A client of the server at `baseUrl`. */
export function createClient({ token, headers, ...options }: Options): Sei {
  const authorization = token === undefined ? {} : { authorization: `Bearer ${token}` };
  return createFetchClient<paths, Media>({ ...options, headers: { ...authorization, ...headers } });
}
