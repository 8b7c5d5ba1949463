/**
 * Delays between tries.
 *
 * Full jitter: a delay is drawn evenly from 0 to the exponential ceiling, so that
 * many callers that failed together do not come back together.
 */
export interface BackoffOptions {
  /** Ceiling of the first delay, in milliseconds. */
  readonly baseMs: number;
  /** No ceiling grows above this, in milliseconds. */
  readonly maxMs: number;
}

/**
 * The ceiling before try `attempt + 1`, in milliseconds: `base × 2^(attempt − 1)`, capped.
 * `attempt` counts from 1.
 */
export function backoffCeilingMs(attempt: number, options: BackoffOptions): number {
  const exponent = Math.min(Math.max(attempt - 1, 0), 30);
  return Math.min(options.baseMs * 2 ** exponent, options.maxMs);
}

/** A delay with full jitter, in whole milliseconds. `random` gives [0, 1). */
export function backoffMs(attempt: number, options: BackoffOptions, random: () => number = Math.random): number {
  return Math.floor(random() * backoffCeilingMs(attempt, options));
}
