import type { Problem } from "./types";

/** An answer without success: the problem that the server states, or that there was no answer. */
export class ProblemError extends Error {
  readonly status: number;
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(problem.detail);
    this.name = "ProblemError";
    this.status = problem.status;
    this.problem = problem;
  }

  /** Whether the same request may succeed later. */
  get mayPass(): boolean {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }
}

/** No answer came: status 0. */
export function unreachable(): ProblemError {
  return new ProblemError({ type: "about:blank", title: "", status: 0, detail: "The server can't be reached." });
}

/** The problem of an answer without success. Someone who is not logged in is sent to the login. */
export async function problemOf(response: Response): Promise<ProblemError> {
  const stated = (await response.json().catch(() => null)) as Problem | null;
  const { status, statusText } = response;
  return new ProblemError(stated?.detail === undefined ? { type: "about:blank", title: statusText, status, detail: statusText } : stated);
}

/** Sends someone who is not logged in, or not anymore, to the login, and back afterwards. */
export function toLogin(): void {
  location.assign(`/login?next=${encodeURIComponent(location.pathname + location.search)}`);
}
