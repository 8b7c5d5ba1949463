/** The metrics of several worker processes as those of one engine. Pure. */
import type { HistogramSnapshot } from "./histogram.ts";
import type { HistogramPoint, Labels, MetricFamily, NumberPoint } from "./metric.ts";

/** Gauges of which every process has its own share. Of all others each process tells the same, or the worst counts. */
const SUMMED_GAUGES: ReadonlySet<string> = new Set([
  "engine.subscription.in_flight",
  "engine.broker.pool_active_connections",
]);

/**
 * Counters and histograms add up; gauges are shares that add up, or views of one thing of which the greatest counts.
 * `retired`: the last word of processes that are gone. Their counters stay, so that a sum never falls; their gauges go.
 */
export function mergeMetrics(
  living: readonly (readonly MetricFamily[])[],
  retired: readonly (readonly MetricFamily[])[] = [],
): readonly MetricFamily[] {
  const families = new Map<string, MetricFamily>();
  const counted = retired.map((each) => each.filter((family) => family.kind !== "gauge"));
  for (const family of [...living, ...counted].flat()) {
    const known = families.get(family.name);
    families.set(family.name, known ? mergeFamilies(known, family) : family);
  }
  return [...families.values()];
}

function mergeFamilies(one: MetricFamily, other: MetricFamily): MetricFamily {
  if (one.kind === "histogram" && other.kind === "histogram") {
    return { ...one, points: mergePoints(one.points, other.points, addHistograms) };
  }
  if (one.kind === "histogram" || other.kind === "histogram") return one;
  const isSum = one.kind === "counter" || SUMMED_GAUGES.has(one.name);
  const merge = (a: NumberPoint, b: NumberPoint): NumberPoint => ({
    labels: a.labels,
    value: isSum ? a.value + b.value : Math.max(a.value, b.value),
  });
  return { ...one, points: mergePoints(one.points, other.points, merge) };
}

function mergePoints<Point extends { readonly labels: Labels }>(
  some: readonly Point[],
  others: readonly Point[],
  merge: (one: Point, other: Point) => Point,
): readonly Point[] {
  const points = new Map(some.map((each) => [JSON.stringify(each.labels), each]));
  for (const point of others) {
    const key = JSON.stringify(point.labels);
    const known = points.get(key);
    points.set(key, known ? merge(known, point) : point);
  }
  return [...points.values()];
}

function addHistograms(one: HistogramPoint, other: HistogramPoint): HistogramPoint {
  const { histogram: a } = one;
  const { histogram: b } = other;
  const histogram: HistogramSnapshot = {
    bounds: a.bounds,
    counts: a.counts.map((count, index) => count + (b.counts[index] ?? 0)),
    sum: a.sum + b.sum,
    count: a.count + b.count,
  };
  return { labels: one.labels, histogram };
}
