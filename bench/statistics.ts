/** Medians and percentiles of a few numbers. */

export function median(values: readonly number[]): number {
  return percentile(values, 0.5);
}

/** Linear between neighbours; NaN for no values. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].toSorted((a, b) => a - b);
  const at = (sorted.length - 1) * share;
  const below = sorted[Math.floor(at)] ?? Number.NaN;
  const above = sorted[Math.ceil(at)] ?? Number.NaN;
  return below + (above - below) * (at - Math.floor(at));
}

/** Of a pair of series, what `combine` makes of each pair that was measured together. */
export function pairwise(
  left: readonly number[],
  right: readonly number[],
  combine: (left: number, right: number) => number,
): number[] {
  return left.map((value, at) => combine(value, right[at] ?? Number.NaN));
}
