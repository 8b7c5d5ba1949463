/**
 * How much a subscription may take in and run now. Many have a say: its state, a pause, the circuit breaker, suspects,
 * the process's load, and its capacity.
 */
import type { Capacity, CapacityInput } from "./capacity.ts";
import type { CircuitBreaker } from "./circuit-breaker.ts";
import type { Holdings } from "./held.ts";
import type { Schedule } from "./schedule.ts";

export interface Gate {
  /** How many handlers may run. */
  runLimit(): number;
  /** How many entries to read, while so many have arrived that are not counted yet. */
  wanted(arriving: number): number;
  /** How many deliveries of lost consumers to take over. */
  claimable(): number;
}

export interface GateOptions {
  readonly isOpen: () => boolean;
  /** The process has too much of something: see lifecycle/load-shedding.ts. */
  readonly isShedding: () => boolean;
  readonly breaker: CircuitBreaker;
  readonly capacity: Capacity;
  readonly holdings: Holdings;
  readonly schedule: () => Schedule;
  readonly concurrency: number;
}

export function createGate(options: GateOptions): Gate {
  const { breaker, capacity, holdings } = options;

  function load(arriving: number): CapacityInput {
    const { running, ready } = options.schedule();
    return { running, ready: ready + arriving, held: holdings.size + arriving, heldBytes: holdings.bytes };
  }

  return {
    runLimit() {
      const { state } = breaker.circuit;
      if (!options.isOpen() || state === "open") return 0;
      return state === "half_open" ? 1 : options.concurrency;
    },
    wanted(arriving) {
      const { running, ready, suspects } = options.schedule();
      const { state } = breaker.circuit;
      if (!options.isOpen() || suspects > 0 || state === "open") return 0;
      if (state === "half_open") return running + ready + arriving === 0 ? 1 : 0;
      // One at a time at least: a load that does not come from messages must not keep them waiting for ever.
      if (options.isShedding()) return holdings.size + arriving === 0 ? 1 : 0;
      return capacity.wanted(load(arriving));
    },
    claimable() {
      if (!options.isOpen() || options.schedule().suspects > 0 || breaker.circuit.state !== "closed") return 0;
      return options.isShedding() ? 0 : capacity.claimable(load(0));
    },
  };
}
