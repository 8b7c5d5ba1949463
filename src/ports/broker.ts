/**
 * The hot path of a broker: append entries, and consume a stream as one member of a consumer group.
 *
 * A broker knows entries and deliveries, never messages: it does not decode. It keeps the history of each delivery
 * (failures, crashes) where it survives this process. All of its errors are `BrokerError`s that say whether a
 * retry can help (`isTransient`), whether the group is gone (`isGroupGone`), and whether the outcome is unknown.
 */
import type { ReplayOrigin } from "../message/failure.ts";

/** Field names and values of an entry, flat: `[name, value, name, value, …]`, in order, duplicates kept. */
export type EntryFields = readonly string[];

export interface NewEntry {
  readonly stream: string;
  readonly fields: EntryFields;
}

/**
 * Where a delivery was read from: the stream itself, or the replay stream of this subscription,
 * which carries dead letters that an operator sent back to it.
 */
export type Lane = "main" | "replay";

/** What happened to an entry before this delivery. Kept in the broker. */
export interface DeliveryHistory {
  /** Runs that ended in an error and were counted. */
  readonly failures: number;
  /**
   * Consumers lost while they held it. The first is a suspicion (it may only have sat in the same batch);
   * the further ones were marked as in hand when their process died.
   */
  readonly crashes: number;
  /** It was marked as in hand when its last holder was lost: the crash was its own. */
  readonly isCrashProven: boolean;
  /** ISO 8601, of the first counted failure. */
  readonly firstFailedAt?: string | undefined;
  /** How long to wait before the next run, in ms from the moment of the delivery: what is left of a backoff. */
  readonly delayMs: number;
}

export interface Delivery {
  readonly lane: Lane;
  readonly entryId: string;
  readonly fields: EntryFields;
  readonly history: DeliveryHistory;
  /** Present on lane `replay`. */
  readonly replay?: ReplayOrigin | undefined;
}

/** Which consumer group, on which stream, as which member. */
export interface ConsumerAddress {
  readonly stream: string;
  /** The consumer group: the subscription's name. */
  readonly group: string;
  /** This member's name: unique for each start of each process. */
  readonly consumer: string;
  /** Where a group begins that did not exist: "0", "$", or an entry id. One that vanished is made again at "0". */
  readonly startFrom: string;
}

/** Entries that were pending and no longer exist in the stream: somebody trimmed or deleted them. */
export interface MissingEntry {
  readonly lane: Lane;
  readonly entryId: string;
}

export interface Claimed {
  readonly deliveries: readonly Delivery[];
  readonly missing: readonly MissingEntry[];
}

/** What is stored of a failed run, until its retry. */
export interface FailureRecord {
  readonly failures: number;
  readonly crashes: number;
  readonly firstFailedAt: string;
  /** Backoff before the next run, in ms from now. */
  readonly delayMs: number;
}

export type DeadLetterResult =
  /** Written and acked in one step. */
  | "moved"
  /** It was not pending any more: another consumer settled it. */
  | "gone"
  /** Another consumer holds it now: it is theirs to settle. */
  | "fenced";

/**
 * One member of a consumer group. Reads block on a connection of its own; everything else goes
 * over a connection that never blocks. Settling methods are fenced: what another consumer
 * holds by now is left alone and reported.
 */
export interface Consumer {
  /** Creates the groups (stream and replay stream) where they are missing. Idempotent. Returns how many it made. */
  ensureGroups(): Promise<number>;
  /**
   * Up to `count` entries never delivered to this group, from each lane. Waits up to `blockMs` for the first one;
   * returns early, empty, after {@link wake}. One call at a time.
   */
  read(count: number, blockMs: number): Promise<readonly Delivery[]>;
  /** Ends a waiting {@link read} at once, losing nothing. */
  wake(): Promise<void>;
  /**
   * Takes over up to `count` entries whose holder's lease ran out (idle for `minIdleMs`), or that were released.
   * Never an entry of this consumer's own.
   */
  claim(count: number, minIdleMs: number): Promise<Claimed>;
  /**
   * This consumer's own pending entries that `isHeld` does not know: deliveries whose reply was lost on the way.
   * They count as neither failed nor crashed.
   */
  recover(isHeld: (lane: Lane, entryId: string) => boolean): Promise<Claimed>;
  /** Renews the lease on held deliveries. Returns those that this consumer no longer holds. */
  extend(deliveries: readonly Delivery[]): Promise<readonly Delivery[]>;
  /** Acks handled deliveries and forgets their history. Returns how many another consumer held by now. */
  ack(deliveries: readonly Delivery[]): Promise<number>;
  /** Stores a failed run; the delivery stays held. False when another consumer holds it now. */
  recordFailure(delivery: Delivery, record: FailureRecord): Promise<boolean>;
  /** Stores that this delivery is about to run alone, so that a crash is charged to it. False when fenced. */
  markInHand(delivery: Delivery): Promise<boolean>;
  /** Moves the entry, bytes intact, to the subscription's dead-letter stream with `failure` (JSON), and acks it: one atomic step. */
  deadLetter(delivery: Delivery, failure: string): Promise<DeadLetterResult>;
  /** Gives up held deliveries, unfinished and uncounted: claimable by anyone at once. */
  release(deliveries: readonly Delivery[]): Promise<void>;
  /** An ack for an entry that is missing from the stream, leaving a dead letter in its place that says so. */
  buryMissing(missing: MissingEntry, failure: string): Promise<DeadLetterResult>;
  /** The bytes of an entry's fields, names and values in order, to tell replaced characters from real ones. Null when the entry is gone. */
  rawFields(delivery: Delivery): Promise<readonly Uint8Array[] | null>;
  /** Removes this consumer's name from the group unless it still holds something; then closes its connection. */
  close(): Promise<void>;
  /** What the reader is doing, for the watchdog and for probes. */
  readonly state: ConsumerState;
}

export interface ConsumerState {
  /** Times the blocking reader's connection was replaced. */
  readonly readerRestarts: number;
  readonly isConnected: boolean;
}

export type BrokerStatus =
  | { readonly kind: "ok" }
  /** Reachable, and refusing something: out of memory, read-only, loading, failed persistence. */
  | { readonly kind: "impaired"; readonly reason: string }
  | { readonly kind: "down"; readonly reason: string };

export interface Broker {
  readonly name: string;
  /** `isShared`: other processes see the same streams. `isDurable`: entries outlive this process. */
  readonly capabilities: { readonly isShared: boolean; readonly isDurable: boolean };
  /** Connects, retrying an absent server until `deadlineMs` of it have passed. */
  connect(deadlineMs: number, signal: AbortSignal): Promise<void>;
  /**
   * Appends entries in order. Resolves to their ids once the broker has them all. When it rejects, the outcome of
   * any of them may be unknown (`isOutcomeUnknown`): the caller appends again with the same event ids.
   */
  append(entries: readonly NewEntry[]): Promise<readonly string[]>;
  createConsumer(address: ConsumerAddress): Consumer;
  /** Connections open now; left out where there are none to count. */
  readonly activeConnections?: number;
  /** Asks the server. Never rejects; answers within `timeoutMs`. */
  probe(timeoutMs: number): Promise<BrokerStatus>;
  /** Closes every connection it opened. Safe twice. */
  close(): Promise<void>;
}
