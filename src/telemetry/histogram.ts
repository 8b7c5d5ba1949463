/** A histogram in plain numbers: what a duration costs to record is a short search in an array. */

export interface HistogramSnapshot {
  /** Upper bounds of the buckets, inclusive, ascending; one more bucket lies above the last. */
  readonly bounds: readonly number[];
  /** One number per bucket, not accumulated: `bounds.length + 1` of them. */
  readonly counts: readonly number[];
  readonly sum: number;
  readonly count: number;
}

export interface Histogram {
  record(value: number): void;
  snapshot(): HistogramSnapshot;
}

/** From what a handler in memory takes to the longest timeout of a profile. */
const DURATION_BOUNDS_SECONDS: readonly number[] = [
  0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120,
];

export function createHistogram(bounds: readonly number[] = DURATION_BOUNDS_SECONDS): Histogram {
  const counts = Array.from({ length: bounds.length + 1 }, () => 0);
  let sum = 0;
  let count = 0;
  return {
    record(value) {
      let bucket = 0;
      while (bucket < bounds.length && value > (bounds[bucket] as number)) bucket += 1;
      counts[bucket] = (counts[bucket] as number) + 1;
      sum += value;
      count += 1;
    },
    snapshot: () => ({ bounds, counts: [...counts], sum, count }),
  };
}
