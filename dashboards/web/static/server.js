// Sends requests to the server that this page came from. An answer without success becomes a `Refusal` with the
// server's message.

/** An answer without success, with the server's message. */
export class Refusal extends Error {}

/** GET of `path` with `parameters` (empty ones are left out), for a tenant. */
export async function get(path, tenant, parameters = {}, signal = undefined) {
  const query = new URLSearchParams(Object.entries(parameters).filter(([, value]) => value !== "" && value !== undefined));
  const response = await ask(query.size > 0 ? `${path}?${query}` : path, { headers: { "sei-tenant": tenant }, signal });
  return response.json();
}

/** All rows of a list, up to `pages` pages of it. */
export async function all(path, tenant, pages, signal = undefined) {
  const rows = [];
  let cursor = "";
  for (let page = 0; page < pages; page += 1) {
    const answer = await get(path, tenant, { limit: 200, cursor }, signal);
    rows.push(...answer.data);
    if (!answer.next_cursor) break;
    cursor = answer.next_cursor;
  }
  return rows;
}

async function ask(address, options) {
  let response;
  try {
    response = await fetch(address, options);
  } catch (error) {
    if (options.signal?.aborted) throw error;
    throw new Refusal("The server can't be reached.");
  }
  if (response.ok) return response;
  // the session has ended
  if (response.status === 401) location.assign(`/login?next=${encodeURIComponent(location.pathname + location.search)}`);
  const problem = await response.json().catch(() => null);
  throw new Refusal(problem?.detail ?? `The server answered ${response.status}.`);
}
