import { secondsBetween } from "../../format/time";

/** The times of a run of a pipeline. */
interface RunTimes {
  queued_at?: string | null;
  started_at?: string | null;
  finished_at?: string | null;
}

/** How long a run took; from when it was queued where its start is not known. */
export function runSeconds({ queued_at, started_at, finished_at }: RunTimes): number | null {
  return secondsBetween(started_at ?? queued_at, finished_at);
}

/** How long a run waited for its start. */
export function queueSeconds({ queued_at, started_at }: RunTimes): number | null {
  return secondsBetween(queued_at, started_at);
}
