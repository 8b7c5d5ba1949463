/**
 * Every error the engine raises, and those that user code throws to steer it.
 *
 * `ERROR_CODES` is the registry: a code is public, never renamed, never reused, and documented in
 * docs/reference/errors.md (a parity test holds the two together).
 */

export const ERROR_CODES = {
  ENGINE_CONFIG_INVALID: "The configuration has faults. Each is listed with its key and line.",
  ENGINE_CONFIG_NOT_FOUND: "The file named by --config does not exist or cannot be read.",
  ENGINE_DOMAIN_NOT_FOUND: "No module was found for --domain.",
  ENGINE_DOMAIN_LOAD_FAILED: "The domain module threw while it was loaded.",
  ENGINE_DOMAIN_NO_EXPORT: "The domain module exports no Domain as `domain` or default.",
  ENGINE_DOMAIN_INVALID: "The domain's declarations contradict each other.",
  ENGINE_NAME_INVALID: "A stream, subscription or domain name has characters that are not allowed.",
  ENGINE_PUBLISH_NOT_CONNECTED: "publish() was called before the domain was connected.",
  ENGINE_PUBLISH_NO_STREAM: "The event's type belongs to no aggregate and no stream was named.",
  ENGINE_PUBLISH_INVALID: "The event's data does not fit its schema.",
  ENGINE_PUBLISH_TOO_LARGE: "The encoded event is larger than the limit.",
  ENGINE_BROKER_CREDENTIALS: "A file with a broker's password or certificates cannot be used.",
  ENGINE_BROKER_UNAVAILABLE: "The broker cannot be reached, or did not answer in time.",
  ENGINE_BROKER_REFUSED: "The broker answered with an error.",
  ENGINE_BROKER_UNSHARED: "The broker lives inside one process; another cannot look into it.",
  ENGINE_BROKER_CONNECTIONS: "The engine needs more connections than max_connections allows.",
  ENGINE_SUBSCRIPTION_UNKNOWN: "No subscription has that name.",
  ENGINE_DEAD_LETTER_UNKNOWN: "No dead letter has that id.",
  ENGINE_CALLBACK_INVALID: "The alert callback cannot be loaded, or is not a function.",
  ENGINE_CHECK_RULE_INVALID: "A module of [check] rules cannot be loaded, or exports no rule.",
  ENGINE_HANDLER_TIMEOUT: "A handler ran longer than handler_timeout_seconds.",
  ENGINE_MESSAGE_INVALID: "A message cannot be decoded, or does not fit its schema.",
  ENGINE_STATE_INVALID: "The engine was asked for something it cannot do in its present state.",
  ENGINE_PORT_IN_USE: "The health server's port is taken.",
  ENGINE_PORT_UNUSABLE: "The health server cannot listen on its host and port.",
  ENGINE_USAGE: "The command line cannot be understood.",
} as const;

export type ErrorCode = keyof typeof ERROR_CODES;

export interface EngineErrorOptions {
  /** What to do about it, in a sentence. */
  readonly hint?: string;
  readonly cause?: unknown;
}

/** An error of the engine: a stable code, what happened, and what to do. */
export class EngineError extends Error {
  readonly code: ErrorCode;
  readonly hint: string | undefined;

  constructor(code: ErrorCode, message: string, options: EngineErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "EngineError";
    this.code = code;
    this.hint = options.hint;
  }
}

export interface BrokerErrorTraits {
  /** Trying again later can help. */
  readonly isTransient: boolean;
  /** The stream or its consumer group is gone: create it again. */
  readonly isGroupGone?: boolean;
  /** The command may or may not have been executed. */
  readonly isOutcomeUnknown?: boolean;
  readonly cause?: unknown;
}

/** A driver's error, translated once by the adapter. */
export class BrokerError extends EngineError {
  readonly isTransient: boolean;
  readonly isGroupGone: boolean;
  readonly isOutcomeUnknown: boolean;

  constructor(message: string, traits: BrokerErrorTraits) {
    super(traits.isTransient ? "ENGINE_BROKER_UNAVAILABLE" : "ENGINE_BROKER_REFUSED", message, {
      cause: traits.cause,
    });
    this.name = "BrokerError";
    this.isTransient = traits.isTransient;
    this.isGroupGone = traits.isGroupGone ?? false;
    this.isOutcomeUnknown = traits.isOutcomeUnknown ?? false;
  }
}

/** The message cannot become an event: it is dead-lettered at once, `invalid_message`. */
export class InvalidMessageError extends EngineError {
  constructor(message: string, options: EngineErrorOptions = {}) {
    super("ENGINE_MESSAGE_INVALID", message, options);
    this.name = "InvalidMessageError";
  }
}

/** A handler ran into its deadline; its signal was aborted with this. Counts as a failure. */
export class HandlerTimeoutError extends EngineError {
  constructor(timeoutMs: number) {
    super("ENGINE_HANDLER_TIMEOUT", `the handler did not finish within ${timeoutMs / 1000} s`, {
      hint: "Pass context.signal to what the handler waits for, or raise handler_timeout_seconds.",
    });
    this.name = "HandlerTimeoutError";
  }
}

/** Throw it from a handler: retrying cannot help, dead-letter now. */
export class PermanentError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "PermanentError";
  }
}

/** Throw it from a handler: retry, but not before `delayMs` (a floor under the backoff). */
export class RetryAfterError extends Error {
  /** Milliseconds. */
  readonly delayMs: number;

  constructor(delayMs: number, message = `retry after ${delayMs} ms`, options?: ErrorOptions) {
    super(message, options);
    this.name = "RetryAfterError";
    this.delayMs = delayMs;
  }
}

/** Throw it from a handler: the message is of no use; ack it, count it as discarded, log why. */
export class DiscardError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "DiscardError";
  }
}
