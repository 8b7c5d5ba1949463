/** Driver and server errors, translated once. */
import { BrokerError } from "../../errors.ts";
import type { RedisAddress } from "../../primitives/redis-uri.ts";

/** Error prefixes of Redis that pass by themselves, or once an operator has acted. */
const TRANSIENT_REPLIES = [
  "LOADING",
  "READONLY",
  "OOM",
  "MISCONF",
  "NOREPLICAS",
  "BUSY ",
  "CLUSTERDOWN",
  "TRYAGAIN",
  "MASTERDOWN",
  "UNBLOCKED",
  "NOGROUP",
  "NOAUTH",
  "WRONGPASS",
  "NOPERM",
  "MOVED",
  "ASK",
];

/** What the client itself says when a connection is missing, lost or slow: the command may have been executed. */
const CONNECTION_ERRORS =
  /Connection is closed|Cluster isn't ready|Cluster is (?:ended|disconnect)|Too many Cluster redirections|Failed to refresh slots cache|None of startup nodes is available|All sentinels are unreachable|Stream isn't writeable|Command timed out|max retries per request|ECONN|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|ENOTFOUND|EAI_AGAIN|Socket closed|connect ETIMEDOUT/i;

/** Errors of a connection with which nothing was done. */
const NOT_SENT =
  /Stream isn't writeable|Cluster isn't ready|Too many Cluster redirections|All sentinels are unreachable/;

const GROUP_GONE = /^NOGROUP|^UNBLOCKED the stream key no longer exists|^ERR no such key/;

/** Refusals that say the credentials are wrong: worth retrying while running (they may rotate), never at start. */
const AUTHENTICATION = /^(?:NOAUTH|WRONGPASS|NOPERM|ERR invalid password|ERR AUTH)/;

export function isAuthenticationError(error: unknown): boolean {
  const message = messageOf(error);
  return AUTHENTICATION.test(message);
}

export function messageOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === "") {
    return error.errors.map((inner) => messageOf(inner)).join("; ");
  }
  return error instanceof Error ? error.message : String(error);
}

export interface Redirection {
  readonly kind: "moved" | "ask";
  readonly to: RedisAddress;
}

/** Where a node of a cluster sends the caller: for good, or while a slot is on its way. */
export function redirectionOf(error: unknown): Redirection | null {
  const match = /^(MOVED|ASK) \d+ (\S+):(\d+)$/.exec(messageOf(error));
  if (match === null) return null;
  const [, kind, host = "", port] = match;
  return { kind: kind === "ASK" ? "ask" : "moved", to: { host, port: Number(port) } };
}

export function toBrokerError(error: unknown): BrokerError {
  if (error instanceof BrokerError) return error;
  const message = messageOf(error);
  const isConnection = CONNECTION_ERRORS.test(message);
  const isGroupGone = GROUP_GONE.test(message);
  return new BrokerError(message, {
    isTransient: isConnection || isGroupGone || TRANSIENT_REPLIES.some((prefix) => message.startsWith(prefix)),
    isGroupGone,
    isOutcomeUnknown: isConnection && !NOT_SENT.test(message),
    cause: error,
  });
}

/** Runs a call of the driver and translates what it throws. */
export async function translated<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw toBrokerError(error);
  }
}
