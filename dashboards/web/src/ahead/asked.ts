/** How long an answer waits for the application; a later question is sent again. */
const KEPT_MS = 10_000;

const asked = new Map<string, { answer: Promise<Response>; until: number }>();

/** Sends a question that the application is about to ask, at the address that its client writes. */
export function askAhead(address: string): void {
  const answer = fetch(address);
  // the application asks again itself
  answer.catch(() => undefined);
  asked.set(new URL(address, location.origin).href, { answer, until: performance.now() + KEPT_MS });
}

/** Sends a request, unless its question was sent ahead and answered: then its answer is that one, once. */
export async function fetchOnce(request: Request): Promise<Response> {
  const ahead = request.method === "GET" ? asked.get(request.url) : undefined;
  asked.delete(request.url);
  if (ahead !== undefined && performance.now() < ahead.until) {
    const answer = await ahead.answer.catch(() => undefined);
    // what is wrong with the question itself is not better asked again
    if (answer !== undefined && answer.status < 500) return answer;
  }
  return fetch(request);
}
