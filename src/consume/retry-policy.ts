/** When to retry, and which errors never. */
import { HandlerTimeoutError, InvalidMessageError, DiscardError, PermanentError, RetryAfterError } from "../errors.ts";
import type { SubscriptionSettings } from "../config/settings.ts";
import type { ErrorClass } from "../domain/handler-options.ts";
import type { SubscriptionModel } from "../domain/model.ts";
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

export function retryPolicyOf(model: SubscriptionModel, settings: SubscriptionSettings): RetryPolicy {
  return {
    maxRetries: settings.maxRetries,
    baseMs: settings.retryDelaySeconds * 1000,
    maxMs: settings.retryMaxDelaySeconds * 1000,
    isDlqEnabled: settings.enableDlq,
    retryOn: model.retryOn,
    deadLetterOn: model.deadLetterOn,
    random: Math.random,
  };
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
  if (isA(error, DiscardError)) return "discard";
  if (isA(error, CrashLimitError)) return "crash_limit";
  if (isA(error, InvalidMessageError)) return "invalid";
  if (isA(error, HandlerTimeoutError)) return "retryable";
  if (policy.retryOn.some((errorClass) => isA(error, errorClass))) return "retryable";
  if (isA(error, PermanentError)) return "permanent";
  return policy.deadLetterOn.some((errorClass) => isA(error, errorClass)) ? "permanent" : "retryable";
}

/** What cannot be told apart (a proxy, a class with an `instanceof` of its own that throws) is of no class. */
function isA<Class extends ErrorClass>(error: unknown, errorClass: Class): error is InstanceType<Class> {
  try {
    return error instanceof errorClass;
  } catch {
    return false;
  }
}

/**
 * Before the retry that follows the `failures`-th failure, in ms: full jitter, and never below what the error asks for.
 * What is not a finite number asks for nothing.
 */
export function retryDelayMs(error: unknown, failures: number, policy: RetryPolicy): number {
  const delay = backoffMs(failures, { baseMs: policy.baseMs, maxMs: policy.maxMs }, policy.random);
  return isA(error, RetryAfterError) && Number.isFinite(error.delayMs) ? Math.max(delay, error.delayMs) : delay;
}
