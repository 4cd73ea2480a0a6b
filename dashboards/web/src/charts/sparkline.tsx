/** A point of a sparkline; null is a gap. */
export interface SparkPoint {
  value: number | null;
  /** Its period is not over yet: drawn dashed. */
  isPartial?: boolean;
}

interface SparklineProps {
  points: SparkPoint[];
  /** What it shows, for screen readers. */
  label: string;
  width?: number;
  /** As wide as what it is in. */
  isWide?: boolean;
  height?: number;
  tone?: "good" | "bad" | "neutral";
}

/** A small trend without axes, as SVG of our own: the first page needs no library for it. */
export function Sparkline({ points, label, isWide = false, width = isWide ? 320 : 120, height = 32, tone = "neutral" }: SparklineProps) {
  const { solid, dashed, dots, area } = sparkPaths(points, width, height);
  return (
    <svg className={`spark spark-${tone} ${isWide ? "spark-wide" : ""}`} viewBox={`0 0 ${width} ${height}`} width={isWide ? undefined : width} height={height} role="img" aria-label={label} preserveAspectRatio="none">
      <path className="spark-area" d={area} />
      <path className="spark-line" d={solid} />
      <path className="spark-line spark-partial" d={dashed} />
      {dots.map(([x, y]) => (
        <circle key={`${x} ${y}`} className="spark-dot" cx={x} cy={y} r={1.5} />
      ))}
    </svg>
  );
}

/** The paths of a sparkline: gaps interrupt it, single values between gaps become dots, the step to a partial period is dashed. */
export function sparkPaths(points: SparkPoint[], width: number, height: number) {
  const values = points.flatMap(({ value }) => (value === null ? [] : [value]));
  const [low, high] = [Math.min(...values, 0), Math.max(...values)];
  const pad = 3;
  const x = (index: number) => round(pad + (index * (width - 2 * pad)) / Math.max(points.length - 1, 1));
  const y = (value: number) => round(high === low ? height - pad : height - pad - ((value - low) * (height - 2 * pad)) / (high - low));
  let solid = "";
  let dashed = "";
  let area = "";
  const dots: [number, number][] = [];
  for (const run of runsOf(points)) {
    const places = run.map(({ index, value }) => [x(index), y(value)] as [number, number]);
    const [first] = places;
    const last = places.at(-1);
    if (first === undefined || last === undefined) continue;
    if (places.length === 1) dots.push(first);
    const isPartial = points[run.at(-1)?.index ?? 0]?.isPartial === true;
    const whole = isPartial ? places.slice(0, -1) : places;
    if (whole.length > 1) solid += line(whole);
    if (isPartial && places.length > 1) dashed += line(places.slice(-2));
    if (places.length > 1) area += `${line(places)}L${last[0]} ${height}L${first[0]} ${height}Z`;
  }
  return { solid, dashed, dots, area };
}

function runsOf(points: SparkPoint[]): { index: number; value: number }[][] {
  const runs: { index: number; value: number }[][] = [[]];
  points.forEach(({ value }, index) => {
    if (value === null) runs.push([]);
    else runs.at(-1)?.push({ index, value });
  });
  return runs.filter((run) => run.length > 0);
}

function line(places: [number, number][]): string {
  return places.map(([x, y], nth) => `${nth === 0 ? "M" : "L"}${x} ${y}`).join("");
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
