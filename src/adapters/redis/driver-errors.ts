/** Driver and server errors, translated once. */
import { BrokerError } from "../../errors.ts";

/** Error prefixes of Redis that pass by themselves, or once an operator has acted. */
const TRANSIENT_REPLIES = [
  "LOADING", "READONLY", "OOM", "MISCONF", "NOREPLICAS", "BUSY ", "CLUSTERDOWN", "TRYAGAIN", "MASTERDOWN",
  "UNBLOCKED", "NOGROUP", "NOAUTH", "WRONGPASS", "NOPERM", "MOVED", "ASK",
];

/** What the client itself says when a connection is missing, lost or slow: the command may have been executed. */
const CONNECTION_ERRORS =
  /Connection is closed|Stream isn't writeable|Command timed out|max retries per request|ECONN|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|ENOTFOUND|EAI_AGAIN|Socket closed|connect ETIMEDOUT/i;

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

export function toBrokerError(error: unknown): BrokerError {
  if (error instanceof BrokerError) return error;
  const message = messageOf(error);
  const isConnection = CONNECTION_ERRORS.test(message);
  const isGroupGone = GROUP_GONE.test(message);
  return new BrokerError(message, {
    isTransient:
      isConnection || isGroupGone || TRANSIENT_REPLIES.some((prefix) => message.startsWith(prefix)),
    isGroupGone,
    isOutcomeUnknown: isConnection && !message.includes("Stream isn't writeable"),
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
