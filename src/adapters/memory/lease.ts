import type { Clock } from "../../ports/clock.ts";
import type { Lease } from "../../ports/lease.ts";

interface Tenure {
  readonly holder: string;
  readonly generation: number;
  /** Monotonic, in ms; it has run out from this instant on. */
  readonly endsAtMs: number;
}

/** Leases within this process: one holder at a time among the parts that share the adapter. */
export function createMemoryLease(clock: Clock): Lease {
  const tenures = new Map<string, Tenure>();

  return {
    async acquire(name, holder, ttlMs) {
      const nowMs = clock.monotonicMs();
      const tenure = tenures.get(name);
      const isRunning = tenure !== undefined && tenure.endsAtMs > nowMs;
      if (isRunning && tenure.holder !== holder) return null;
      const generation = isRunning ? tenure.generation : (tenure?.generation ?? 0) + 1;
      tenures.set(name, { holder, generation, endsAtMs: nowMs + ttlMs });
      return generation;
    },
    async release(name, holder) {
      const tenure = tenures.get(name);
      // The generation stays: the next holder's must be higher.
      if (tenure?.holder === holder) tenures.set(name, { ...tenure, endsAtMs: -Infinity });
    },
  };
}
