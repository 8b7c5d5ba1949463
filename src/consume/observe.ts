/** What the circuit breaker and the counts learn from a result, before it is decided. */
import type { CircuitBreaker } from "./circuit-breaker.ts";
import type { Counts } from "./counts.ts";
import type { Result } from "./decide.ts";
import { classify, type RetryPolicy } from "./retry-policy.ts";

export interface ObserveOptions {
  readonly policy: RetryPolicy;
  readonly breaker: CircuitBreaker;
  readonly counts: Counts;
}

/** A message that is invalid, or can never succeed, says nothing about what lies behind the handler. */
export function createObserve({ policy, breaker, counts }: ObserveOptions): (result: Result) => void {
  return (result) => {
    if (result.kind === "succeeded") return breaker.record("success");
    if (result.kind !== "failed") return;
    const kind = classify(result.error, policy);
    if (kind === "discard") return breaker.record("success");
    if (kind === "invalid" || kind === "crash_limit") return;
    counts.add("failed", 1);
    if (kind === "retryable") breaker.record("failure");
  };
}
