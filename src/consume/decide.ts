/** What becomes of a delivery: pure, from its result, its history and the policy. */
import type { FailureReason } from "../message/failure.ts";
import type { DeliveryHistory, NewEntry } from "../ports/broker.ts";
import { classify, retryDelayMs, type RetryPolicy } from "./retry-policy.ts";

/** How a run ended. */
export type Result =
  /** `raised`: the events it published, to be appended before its message is acked. */
  | { readonly kind: "succeeded"; readonly raised: readonly NewEntry[] }
  /** This class has no method for the type. */
  | { readonly kind: "unhandled" }
  | { readonly kind: "failed"; readonly error: unknown }
  /** A shutdown cut it short: neither success nor failure. */
  | { readonly kind: "interrupted" }
  /** Another consumer holds the entry by now. */
  | { readonly kind: "lost" };

export type Outcome =
  | { readonly kind: "ack"; readonly status: "success" | "unhandled"; readonly raised: readonly NewEntry[] }
  | { readonly kind: "discard"; readonly error: unknown; readonly why: "asked" | "dlq_disabled" }
  | {
      readonly kind: "retry";
      readonly error: unknown;
      readonly delayMs: number;
      readonly failures: number;
      readonly isCounted: boolean;
    }
  | { readonly kind: "dead_letter"; readonly error: unknown; readonly reason: FailureReason; readonly failures: number }
  | { readonly kind: "release" }
  | { readonly kind: "drop" };

const NOTHING_RAISED: readonly NewEntry[] = [];
const UNHANDLED: Outcome = { kind: "ack", status: "unhandled", raised: NOTHING_RAISED };
const SUCCESS: Outcome = { kind: "ack", status: "success", raised: NOTHING_RAISED };

export interface DecisionInput {
  readonly history: DeliveryHistory;
  /** It ran as the probe of a half-open circuit: its failure is not held against it. */
  readonly isProbe: boolean;
}

export function decide(result: Result, { history, isProbe }: DecisionInput, policy: RetryPolicy): Outcome {
  switch (result.kind) {
    case "succeeded":
      return result.raised.length === 0 ? SUCCESS : { kind: "ack", status: "success", raised: result.raised };
    case "unhandled":
      return UNHANDLED;
    case "interrupted":
      return { kind: "release" };
    case "lost":
      return { kind: "drop" };
    case "failed":
      return decideFailure(result.error, { history, isProbe }, policy);
  }
}

function decideFailure(error: unknown, { history, isProbe }: DecisionInput, policy: RetryPolicy): Outcome {
  const kind = classify(error, policy);
  const failures = history.failures + (kind === "retryable" && !isProbe ? 1 : 0);
  switch (kind) {
    case "discard":
      return { kind: "discard", error, why: "asked" };
    case "invalid":
      return bury({ error, reason: "invalid_message", failures: history.failures }, policy);
    case "crash_limit":
      return bury({ error, reason: "crash_limit", failures: history.failures }, policy);
    case "permanent":
      return bury({ error, reason: "permanent_error", failures: history.failures + 1 }, policy);
    case "retryable":
      if (failures > policy.maxRetries) return bury({ error, reason: "retries_exhausted", failures }, policy);
      return {
        kind: "retry",
        error,
        failures,
        isCounted: !isProbe,
        delayMs: retryDelayMs(error, Math.max(failures, 1), policy),
      };
  }
}

interface End {
  readonly error: unknown;
  readonly reason: FailureReason;
  readonly failures: number;
}

function bury(end: End, policy: RetryPolicy): Outcome {
  if (!policy.isDlqEnabled) return { kind: "discard", error: end.error, why: "dlq_disabled" };
  return { kind: "dead_letter", ...end };
}
