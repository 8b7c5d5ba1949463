/**
 * The dead letters of subscriptions: look, replay, purge, trim.
 * A dead letter's id is the broker's own: its first part is the server's clock (ms) when it was dead-lettered.
 */
import type { Failure } from "../message/failure.ts";
import type { EntryFields } from "./broker.ts";
import type { GroupAddress } from "./broker-admin.ts";

export interface DeadLetter {
  readonly id: string;
  readonly stream: string;
  readonly subscription: string;
  /** The original entry's fields, as text (bytes that are not UTF-8 show as U+FFFD; the stored bytes are intact). */
  readonly fields: EntryFields;
  /** Null when the record cannot be read (written by hand): `failureText` has what is there. */
  readonly failure: Failure | null;
  readonly failureText: string;
}

export interface DeadLetterPage {
  readonly letters: readonly DeadLetter[];
  /** Pass as `after` to go on; null at the end. */
  readonly next: string | null;
}

export interface DeadLetterDepth {
  readonly depth: number;
  /** Id of the oldest and newest; null when empty. */
  readonly oldestId: string | null;
  readonly newestId: string | null;
  /** Age of the oldest by the server's clock, in seconds; null when empty. */
  readonly oldestSeconds: number | null;
}

export type ReplayResult = "replayed" | "not_found";

export interface DeadLetters {
  /** Every subscription that has a dead-letter stream for `stream`. */
  subscriptions(stream: string): Promise<readonly GroupAddress[]>;
  /** Oldest first, from behind `after` (an id), at most `limit`. */
  list(address: GroupAddress, after: string | null, limit: number): Promise<DeadLetterPage>;
  get(address: GroupAddress, id: string): Promise<DeadLetter | null>;
  /**
   * Moves one dead letter to the subscription's replay stream: atomic, so that it is in one of the two
   * and never in both.
   */
  replay(address: GroupAddress, id: string): Promise<ReplayResult>;
  /** Deletes these ids. Returns how many were there. */
  purge(address: GroupAddress, ids: readonly string[]): Promise<number>;
  /** Deletes exactly those dead-lettered more than `olderThanMs` ago by the server's clock; at most `limit` a call. */
  trim(address: GroupAddress, olderThanMs: number, limit: number): Promise<number>;
  depth(address: GroupAddress): Promise<DeadLetterDepth>;
}
