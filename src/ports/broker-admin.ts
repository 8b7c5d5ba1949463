/**
 * The slow path of a broker: looking at consumer groups, and keeping streams and groups tidy.
 * Unknown is null, never 0.
 */
import type { BrokerStatus } from "./broker.ts";

export interface GroupAddress {
  readonly stream: string;
  readonly group: string;
}

export interface GroupReport {
  /** False when the stream or its group does not exist. */
  readonly isPresent: boolean;
  /** Entries not yet delivered to the group. */
  readonly lag: number | null;
  /** Age of the oldest undelivered entry, in seconds; 0 without lag. */
  readonly lagSeconds: number | null;
  /** Delivered and not acked. */
  readonly pending: number | null;
  /** Since the oldest pending entry was appended, in seconds; 0 without pending. */
  readonly oldestPendingSeconds: number | null;
  readonly consumers: readonly ConsumerReport[];
  /** Entries in the dead-letter stream. */
  readonly dlqDepth: number | null;
  /** Replayed dead letters not yet handled. */
  readonly replayBacklog: number | null;
}

export interface ConsumerReport {
  readonly name: string;
  readonly pending: number;
  /** Since it last asked for anything, in ms. */
  readonly idleMs: number;
}

export interface StreamRetention {
  /** Keep at most this many entries; null: no limit. */
  readonly maxLength: number | null;
  /** Keep entries appended in the last so many ms; null: for ever. */
  readonly maxAgeMs: number | null;
}

export interface TrimBounds {
  /** Groups that hold everything while they do not exist. */
  readonly expectedGroups: readonly string[];
  /** Entries a call removes at most. */
  readonly limit: number;
}

export type TrimResult =
  | { readonly kind: "trimmed"; readonly removed: number }
  /** A group named by the caller does not exist (it would read from the start): nothing was trimmed. */
  | { readonly kind: "held"; readonly reason: string };

export interface BrokerAdmin {
  /** One group as it stands. */
  inspect(address: GroupAddress): Promise<GroupReport>;
  /** All groups that exist on a stream, of whichever application. */
  groups(stream: string): Promise<readonly string[]>;
  /**
   * Trims to the retention, but never an entry that some group of the stream, or one of the expected groups,
   * has not acked.
   */
  trim(stream: string, retention: StreamRetention, bounds: TrimBounds): Promise<TrimResult>;
  /**
   * Removes consumers of the group that have been silent for `silentMs` and hold nothing; atomically, so that
   * nothing pending is ever dropped. Returns their names.
   */
  reapConsumers(address: GroupAddress, silentMs: number): Promise<readonly string[]>;
  /** As {@link Broker.probe}. */
  probe(timeoutMs: number): Promise<BrokerStatus>;
}
