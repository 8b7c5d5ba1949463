/**
 * Why a message was dead-lettered: the `failure` field of a dead letter, a JSON object.
 * Written by `consume/`, read by the dead-letter adapters and the command line.
 */

export type FailureReason =
  | "retries_exhausted"
  | "permanent_error"
  | "invalid_message"
  | "crash_limit"
  | "expired"
  /** The entry was deleted from the stream while it was pending: only its id is left. */
  | "missing";

export interface FailureError {
  readonly name: string;
  readonly message: string;
  readonly stack?: string | undefined;
  readonly code?: string | undefined;
  /** Messages of the causes, outermost first. */
  readonly cause?: readonly string[] | undefined;
}

export interface Failure {
  readonly reason: FailureReason;
  readonly error: FailureError;
  /** 12 hex digits; equal for errors of the same name, normalised message and place. */
  readonly fingerprint: string;
  readonly attempts: number;
  /** ISO 8601. */
  readonly firstFailedAt: string;
  /** ISO 8601. */
  readonly deadLetteredAt: string;
  readonly subscription: string;
  readonly handler: string;
  readonly method?: string | undefined;
  readonly consumer: string;
  readonly stream: string;
  /** The entry's id in `stream`: of the original entry, also after replays. */
  readonly entryId: string;
  readonly eventId?: string | undefined;
  readonly eventType?: string | undefined;
  readonly key?: string | undefined;
  readonly engineVersion: string;
  /** The dead letter that a replay sent back, when it failed again. */
  readonly replayOf?: string | undefined;
  /** How often it has been replayed. */
  readonly replays?: number | undefined;
}

/** What an entry on a replay stream remembers: the last field of the entry, named `replay`, as JSON. */
export interface ReplayOrigin {
  /** The dead letter's id. */
  readonly replayOf: string;
  /** Counts this replay. */
  readonly replays: number;
  /** The original entry's id and stream. */
  readonly entryId: string;
  readonly stream: string;
}
