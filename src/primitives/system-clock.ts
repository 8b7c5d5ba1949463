/** The machine's clocks: the only place that reads the wall clock. */
export const systemClock = {
  /** Wall clock, ms since 1970. */
  now: (): number => Date.now(),
  /** Monotonic, in ms from an arbitrary start. */
  monotonicMs: (): number => performance.now(),
};
