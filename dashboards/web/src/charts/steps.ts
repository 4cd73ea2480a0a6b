/** The index of the step that is not over yet: one whose period ends later than now, or that the window cuts off just now. */
export function partialStep(steps: { from: string; to: string }[], now = Date.now()): number | undefined {
  const last = steps.length - 1;
  const step = steps[last];
  if (step === undefined) return undefined;
  // a window that ends up to half a minute before now ends now
  return new Date(step.to).getTime() > now - 60_000 ? last : undefined;
}
