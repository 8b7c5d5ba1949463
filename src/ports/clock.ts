/** Time as a dependency. */
export interface Clock {
  /** Wall clock, ms since 1970: for what people read. Never for durations. */
  now(): number;
  /** Monotonic, in ms from an arbitrary start: for durations and deadlines. */
  monotonicMs(): number;
}
