import type { Tone } from "../../ui";

/** The severities of vulnerabilities, the worst first. */
export const SEVERITIES = ["critical", "high", "medium", "low"];

/** The color of a severity, of an incident or a vulnerability. */
export function severityTone(severity: string): Tone {
  if (/^(critical|sev-?1|p1|blocker)$/i.test(severity)) return "bad";
  return /^(high|sev-?2|p2|major)$/i.test(severity) ? "warn" : "neutral";
}
