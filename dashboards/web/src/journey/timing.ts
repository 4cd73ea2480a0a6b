import type { Journey, JourneyStep } from "../data/journey";
import { secondsBetween } from "../format/time";

/** A step by its name. */
export function stepOf(steps: JourneyStep[], name: string): JourneyStep | undefined {
  return steps.find(({ step }) => step === name);
}

/** From the first commit to production; undefined while one of them is not known, or where the order is another. */
export function timeToProduction(steps: JourneyStep[]): number | undefined {
  const [from, to] = [stepOf(steps, "first_commit")?.at, stepOf(steps, "in_production")?.at];
  const seconds = secondsBetween(from, to);
  return seconds !== null && seconds > 0 ? seconds : undefined;
}

/** The environments that have any of it, without production. */
export function environmentsOf({ ways }: Pick<Journey, "ways">): string[] {
  const all = ways.flatMap(({ services }) => services).flatMap(({ deployments }) => deployments);
  const names = all.flatMap(({ environment, is_production }) => (environment === null || is_production ? [] : [environment]));
  return [...new Set(names)].sort();
}

/** The time from the last step that was taken before; undefined for the first and for those that were not taken. */
export function gapBefore(steps: JourneyStep[], nth: number): number | undefined {
  const before = steps.slice(0, nth).findLast((step) => step.at !== null)?.at;
  return secondsBetween(before, steps[nth]?.at) ?? undefined;
}
