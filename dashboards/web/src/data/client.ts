import type { Middleware } from "openapi-fetch";
import { createClient } from "sei-client";
import { fetchOnce } from "../ahead/asked";
import { problemOf, ProblemError, toLogin, unreachable } from "./problem";

/** The generated client of REST. */
export const rest = createClient({ baseUrl: location.origin, fetch: fetchOnce });

let csrf: string | null = null;

/** Remembers what requests that change something repeat, as `/api/v1/me` states it. */
export function setCsrf(value: string | null): void {
  csrf = value;
}

/** What a request that changes something repeats, where it is not sent by `rest`. */
export function csrfHeaders(): Record<string, string> {
  return csrf === null ? {} : { "sei-csrf": csrf };
}

const writing: Middleware = {
  onRequest({ request }) {
    if (csrf !== null && request.method !== "GET") request.headers.set("sei-csrf", csrf);
    return request;
  },
};
rest.use(writing);

/** The data of an answer of `rest`; throws a `ProblemError` otherwise. */
export async function answered<T>(asked: Promise<{ data?: T; response: Response; error?: unknown }>): Promise<T> {
  let answer: { data?: T; response: Response; error?: unknown };
  try {
    answer = await asked;
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw unreachable();
  }
  if (answer.error === undefined && answer.response.ok) return answer.data as T;
  if (answer.response.status === 401) toLogin();
  const stated = answer.error as { detail?: string; status?: number } | undefined;
  if (typeof stated?.detail === "string" && typeof stated.status === "number") throw new ProblemError(answer.error as never);
  throw await problemOf(answer.response.bodyUsed ? new Response(null, answer.response) : answer.response);
}

/** Sends a GraphQL document and gives its data; the first error becomes a `ProblemError`. */
export async function askGraph<Data>(query: string, variables: unknown, tenant: string | undefined, signal?: AbortSignal): Promise<Data> {
  const headers = new Headers({ "content-type": "application/json" });
  if (tenant !== undefined) headers.set("sei-tenant", tenant);
  if (csrf !== null) headers.set("sei-csrf", csrf);
  let response: Response;
  try {
    response = await fetch("/graphql", { method: "POST", headers, body: JSON.stringify({ query, variables }), signal });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw unreachable();
  }
  if (response.status === 401) toLogin();
  if (!response.ok) throw await problemOf(response);
  const { data, errors } = (await response.json()) as { data: Data | null; errors?: GraphError[] };
  const [error] = errors ?? [];
  if (error === undefined && data !== null) return data;
  const { type = "about:blank", status = 400, parameter, found, expected } = error?.extensions ?? {};
  throw new ProblemError({ type, title: type, status, detail: error?.message ?? "The answer holds no data.", parameter, found, expected });
}

interface GraphError {
  message: string;
  extensions?: { type?: string; status?: number; parameter?: string; found?: string; expected?: string };
}
