/** How long an answer waits for the application; a later question is sent again. */
const KEPT_MS = 10_000;

const asked = new Map<string, { answer: Promise<Response>; until: number }>();

/** The address of a question, however its parameters are written and in whatever order. */
function keyOf(address: string): string {
  const { pathname, searchParams } = new URL(address, location.origin);
  searchParams.sort();
  return `${pathname}?${searchParams}`;
}

/** Sends a question that the application is about to ask. */
export function askAhead(address: string): void {
  const answer = fetch(address);
  // the application sees the failure too, if it asks
  answer.catch(() => undefined);
  asked.set(keyOf(address), { answer, until: performance.now() + KEPT_MS });
}

/** Sends a request, unless its question was sent ahead: then its answer is that one, once. */
export function fetchOnce(request: Request): Promise<Response> {
  const key = keyOf(request.url);
  const ahead = request.method === "GET" ? asked.get(key) : undefined;
  asked.delete(key);
  return ahead !== undefined && performance.now() < ahead.until ? ahead.answer : fetch(request);
}
