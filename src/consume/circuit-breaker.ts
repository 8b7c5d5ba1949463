/**
 * Stops running a handler that keeps failing, so that an outage behind it costs no attempts.
 *
 *   closed    –(threshold failures in a row)→ open
 *   open      –(reset time passed)→ half_open
 *   half_open –(probe succeeded)→ closed
 *   half_open –(probe failed)→ open
 *
 * In half_open one message runs; should it fail, that costs it no attempt either.
 */
import type { CircuitState } from "../health/status.ts";

export type CircuitEvent = "success" | "failure" | "reset_due";

export interface Circuit {
  readonly state: CircuitState;
  /** In a row, while closed. */
  readonly failures: number;
  /** Probes that failed since it opened. */
  readonly failedProbes: number;
}

export const CLOSED: Circuit = { state: "closed", failures: 0, failedProbes: 0 };

/** The next circuit; pure. An event that means nothing in a state leaves it as it is. */
export function transition(circuit: Circuit, event: CircuitEvent, threshold: number): Circuit {
  switch (circuit.state) {
    case "closed": {
      if (event === "success") return circuit.failures === 0 ? circuit : CLOSED;
      if (event === "reset_due") return circuit;
      const failures = circuit.failures + 1;
      if (failures < threshold) return { ...circuit, failures };
      return { state: "open", failures, failedProbes: 0 };
    }
    case "open":
      // Runs that were in flight when it opened end here: they change nothing.
      return event === "reset_due" ? { ...circuit, state: "half_open" } : circuit;
    case "half_open":
      if (event === "success") return CLOSED;
      if (event === "failure") return { ...circuit, state: "open", failedProbes: circuit.failedProbes + 1 };
      return circuit;
  }
}

export interface CircuitBreaker {
  record(event: "success" | "failure"): void;
  readonly circuit: Circuit;
  /** Stops its timer for good; an open circuit stays open. */
  close(): void;
}

export interface CircuitBreakerOptions {
  readonly threshold: number;
  readonly resetMs: number;
  readonly onChange: (circuit: Circuit) => void;
}

export function createCircuitBreaker({ threshold, resetMs, onChange }: CircuitBreakerOptions): CircuitBreaker {
  let circuit = CLOSED;
  let timer: NodeJS.Timeout | null = null;
  let isClosed = false;

  function set(next: Circuit): void {
    const hasChanged = next.state !== circuit.state;
    circuit = next;
    if (!hasChanged) return;
    if (next.state === "open" && !isClosed)
      timer = setTimeout(() => set(transition(circuit, "reset_due", threshold)), resetMs);
    onChange(next);
  }

  return {
    record: (event) => set(transition(circuit, event, threshold)),
    get circuit() {
      return circuit;
    },
    close() {
      isClosed = true;
      if (timer) clearTimeout(timer);
    },
  };
}
