/** The `failure` of a dead letter. */
import { createHash } from "node:crypto";
import type { Failure, FailureError, FailureReason } from "../message/failure.ts";
import type { Lane } from "../ports/broker.ts";
import { VERSION } from "../version.ts";
import type { Held } from "./held.ts";

const MAX_MESSAGE_LENGTH = 2048;
const MAX_STACK_LENGTH = 8192;
const MAX_CAUSES = 5;
const MAX_NAME_LENGTH = 256;

/** Takes credentials out of a text: error messages quote URLs. */
export type Redact = (text: string) => string;

export interface FailureSubject {
  readonly subscription: string;
  readonly handler: string;
  readonly consumer: string;
  readonly stream: string;
  readonly redact: Redact;
}

export interface FailureFacts {
  readonly held: Held;
  readonly error: unknown;
  readonly reason: FailureReason;
  readonly failures: number;
  readonly method: string | undefined;
  readonly nowMs: number;
}

export function failureOf(facts: FailureFacts, subject: FailureSubject): Failure {
  const { held, nowMs } = facts;
  const { delivery, decoded } = held;
  const message = decoded.kind === "message" ? decoded.message : null;
  const error = describeError(facts.error, subject.redact);
  const now = new Date(nowMs).toISOString();
  return {
    reason: facts.reason,
    error,
    fingerprint: fingerprintOf(error),
    attempts: facts.failures + delivery.history.crashes,
    firstFailedAt: delivery.history.firstFailedAt ?? now,
    deadLetteredAt: now,
    subscription: subject.subscription,
    handler: subject.handler,
    method: facts.method,
    consumer: subject.consumer,
    stream: subject.stream,
    entryId: delivery.replay?.entryId ?? delivery.entryId,
    eventId: message?.id,
    eventType: message?.type,
    key: message?.key,
    engineVersion: VERSION,
    replayOf: delivery.replay?.replayOf,
    replays: delivery.replay?.replays,
  };
}

/** For an entry that was deleted while it was pending: all that is left is its id. */
export function failureOfMissing(
  entry: { readonly lane: Lane; readonly entryId: string },
  nowMs: number,
  subject: FailureSubject,
): Failure {
  const error: FailureError = {
    name: "MissingEntry",
    message: `entry ${entry.entryId} was deleted from the ${entry.lane === "main" ? "stream" : "replay stream"} before it was acked`,
  };
  const now = new Date(nowMs).toISOString();
  return {
    reason: "missing",
    error,
    fingerprint: fingerprintOf(error),
    attempts: 0,
    firstFailedAt: now,
    deadLetteredAt: now,
    subscription: subject.subscription,
    handler: subject.handler,
    consumer: subject.consumer,
    stream: subject.stream,
    entryId: entry.entryId,
    engineVersion: VERSION,
  };
}

/**
 * What was thrown, whatever it was, as text: never throws, for a message whose error cannot be
 * described could not be settled either.
 */
export function describeError(error: unknown, redact: Redact): FailureError {
  const text = (value: unknown, length: number): string => cut(redacted(textOf(value), redact), length);
  if (!isError(error)) return { name: "NonError", message: text(error, MAX_MESSAGE_LENGTH) };
  const code = property(error, "code");
  const stack = property(error, "stack");
  return {
    name: cut(textOf(property(error, "name")), MAX_NAME_LENGTH),
    message: text(property(error, "message"), MAX_MESSAGE_LENGTH),
    stack: stack === undefined ? undefined : text(stack, MAX_STACK_LENGTH),
    code: typeof code === "string" || typeof code === "number" ? cut(String(code), MAX_NAME_LENGTH) : undefined,
    cause: causesOf(error, text),
  };
}

function causesOf(error: object, text: (value: unknown, length: number) => string): readonly string[] | undefined {
  const causes: string[] = [];
  let cause = property(error, "cause");
  while (cause !== undefined && causes.length < MAX_CAUSES) {
    const described = isError(cause)
      ? `${textOf(property(cause, "name"))}: ${textOf(property(cause, "message"))}`
      : cause;
    causes.push(text(described, MAX_MESSAGE_LENGTH));
    cause = isError(cause) ? property(cause, "cause") : undefined;
  }
  return causes.length > 0 ? causes : undefined;
}

const UNREADABLE = "(unreadable: reading it threw)";

function isError(value: unknown): value is Error {
  try {
    return value instanceof Error;
  } catch {
    return false;
  }
}

function property(of: object, name: string): unknown {
  try {
    return (of as Record<string, unknown>)[name];
  } catch {
    return UNREADABLE;
  }
}

function textOf(value: unknown): string {
  try {
    return String(value);
  } catch {
    return UNREADABLE;
  }
}

/** Rather no text than one that may hold a credential. */
function redacted(text: string, redact: Redact): string {
  try {
    return redact(text);
  } catch {
    return "(withheld: it could not be redacted)";
  }
}

/**
 * Errors of one name, one message but for ids, numbers and quoted values, and one place
 * (the function of the first stack frame) are one kind of failure.
 */
export function fingerprintOf(error: FailureError): string {
  const message = error.message
    .replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}/gi, "<id>")
    .replaceAll(/(["'`]).*?\1/g, "<value>")
    .replaceAll(/\b(?:0x)?[0-9a-f]*\d[0-9a-f]*\b/gi, "<n>")
    .replaceAll(/\d+/g, "<n>");
  const place = /^\s*at (?:async )?([\w$.<>[\] ]+?) \(/m.exec(error.stack ?? "")?.[1] ?? "";
  return createHash("sha256").update(`${error.name}\n${message}\n${place}`).digest("hex").slice(0, 12);
}

function cut(text: string, length: number): string {
  return text.length > length ? `${text.slice(0, length)}…` : text;
}
