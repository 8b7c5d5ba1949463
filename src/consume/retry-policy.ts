/** When to retry, and which errors never. */
import { HandlerTimeoutError, InvalidMessageError, DiscardError, PermanentError, RetryAfterError } from "../errors.ts";
import type { ErrorClass } from "../domain/handler-options.ts";
import { backoffMs } from "../primitives/backoff.ts";

export interface RetryPolicy {
  /** Retries after the first attempt. */
  readonly maxRetries: number;
  readonly baseMs: number;
  readonly maxMs: number;
  readonly isDlqEnabled: boolean;
  readonly retryOn: readonly ErrorClass[];
  readonly deadLetterOn: readonly ErrorClass[];
  /** Gives [0, 1). */
  readonly random: () => number;
}

export type ErrorKind = "retryable" | "permanent" | "discard" | "invalid" | "crash_limit";

/** The message was in hand every time its process died: it is not run again. */
export class CrashLimitError extends Error {
  constructor(crashes: number) {
    super(`its process died ${crashes} times while it was in hand`);
    this.name = "CrashLimitError";
  }
}

export function classify(error: unknown, policy: RetryPolicy): ErrorKind {
  if (error instanceof DiscardError) return "discard";
  if (error instanceof CrashLimitError) return "crash_limit";
  if (error instanceof InvalidMessageError) return "invalid";
  if (error instanceof HandlerTimeoutError) return "retryable";
  if (policy.retryOn.some((errorClass) => error instanceof errorClass)) return "retryable";
  if (error instanceof PermanentError) return "permanent";
  return policy.deadLetterOn.some((errorClass) => error instanceof errorClass) ? "permanent" : "retryable";
}

/** Before the retry that follows the `failures`-th failure: full jitter, and never below what the error asks for. */
export function retryDelayMs(error: unknown, failures: number, policy: RetryPolicy): number {
  const delay = backoffMs(failures, { baseMs: policy.baseMs, maxMs: policy.maxMs }, policy.random);
  return error instanceof RetryAfterError ? Math.max(delay, error.delayMs) : delay;
}
