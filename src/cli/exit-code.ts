/** What the process tells its caller: contract section 5. */
import { EngineError, type ErrorCode } from "../errors.ts";

export const EXIT = {
  /** Done. */
  OK: 0,
  /** Findings, or a fatal error while running. */
  FAILED: 1,
  /** Usage or configuration. */
  USAGE: 2,
  /** The drain deadline passed with handlers cancelled. */
  CANCELLED: 3,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** Errors that the caller mends by writing something else: a flag, a name, the configuration, the domain, the input. */
const USAGE_CODES: ReadonlySet<ErrorCode> = new Set([
  "ENGINE_USAGE",
  "ENGINE_CONFIG_INVALID",
  "ENGINE_CONFIG_NOT_FOUND",
  "ENGINE_DOMAIN_NOT_FOUND",
  "ENGINE_DOMAIN_LOAD_FAILED",
  "ENGINE_DOMAIN_NO_EXPORT",
  "ENGINE_DOMAIN_INVALID",
  "ENGINE_NAME_INVALID",
  "ENGINE_PUBLISH_INVALID",
  "ENGINE_PUBLISH_TOO_LARGE",
  "ENGINE_PUBLISH_NO_STREAM",
  "ENGINE_BROKER_UNSHARED",
  "ENGINE_BROKER_CONNECTIONS",
  "ENGINE_SUBSCRIPTION_UNKNOWN",
  "ENGINE_DEAD_LETTER_UNKNOWN",
  "ENGINE_CALLBACK_INVALID",
  "ENGINE_CHECK_RULE_INVALID",
]);

export function exitCodeOf(error: unknown): ExitCode {
  return error instanceof EngineError && USAGE_CODES.has(error.code) ? EXIT.USAGE : EXIT.FAILED;
}

/** Any other number is a failure. */
export function toExitCode(code: number): ExitCode {
  return Object.values(EXIT).find((known) => known === code) ?? EXIT.FAILED;
}
