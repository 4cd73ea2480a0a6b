/** A range that holds a value with 95 % probability. */
export interface Range {
  low: number;
  high: number;
}

const Z = 1.96;

interface Percentile {
  percentile: number;
  value: number;
}

/** The 95 % range of a median, from the ranks that bound it, read between known percentiles; none for fewer than 20 values. */
export function medianRange(percentiles: Percentile[], n: number): Range | null {
  if (n < 20) return null;
  const reach = (Z * 50) / Math.sqrt(n);
  const low = valueAt(percentiles, 50 - reach);
  const high = valueAt(percentiles, 50 + reach);
  return low === null || high === null ? null : { low, high };
}

function valueAt(percentiles: Percentile[], at: number): number | null {
  const above = percentiles.findIndex(({ percentile }) => percentile >= at);
  const high = percentiles[above];
  const low = percentiles[above - 1];
  if (high === undefined || low === undefined) return null;
  return low.value + ((high.value - low.value) * (at - low.percentile)) / (high.percentile - low.percentile);
}

/** The 95 % range of a rate (Wilson); none without observations. */
export function rateRange(yes: number, of: number): Range | null {
  if (of === 0) return null;
  const rate = yes / of;
  const weight = 1 + (Z * Z) / of;
  const middle = (rate + (Z * Z) / (2 * of)) / weight;
  const half = (Z * Math.sqrt((rate * (1 - rate)) / of + (Z * Z) / (4 * of * of))) / weight;
  return { low: Math.max(middle - half, 0), high: Math.min(middle + half, 1) };
}

/** The 95 % range of the difference between two values with ranges of their own (Newcombe). */
export function differenceRange(one: { value: number; range: Range }, other: { value: number; range: Range }): Range {
  const difference = one.value - other.value;
  return {
    low: difference - Math.hypot(one.value - one.range.low, other.range.high - other.value),
    high: difference + Math.hypot(one.range.high - one.value, other.value - other.range.low),
  };
}
