/**
 * What a broker's server and streams look like, for `engine check --live`. Nothing here writes. What the server does not
 * tell, or does not let this user ask, is null.
 */
import type { ConsumerReport, GroupAddress } from "./broker-admin.ts";
import type { EntryFields, Lane } from "./broker.ts";
import type { DeadLetter } from "./dead-letters.ts";

/** What survives which accident. A: every write on disk before its reply; B: all but the last second; C: snapshots; D: nothing. */
export type Durability = "A" | "B" | "C" | "D";

export interface ServerFacts {
  readonly product: "redis" | "valkey" | "memory";
  readonly version: string;
  readonly role: "primary" | "replica" | null;
  readonly isCluster: boolean | null;
  readonly durability: Durability | null;
  /** What stands behind the durability, for people: `appendonly yes, appendfsync everysec`. */
  readonly persistence: string;
  /** A snapshot or a write of the log that failed; null: none known. */
  readonly persistenceFailure: string | null;
  /** Bytes; 0: no limit. */
  readonly maxMemoryBytes: number | null;
  readonly usedMemoryBytes: number | null;
  readonly evictionPolicy: string | null;
  readonly maxClients: number | null;
  readonly connectedClients: number | null;
  /** Keys in the database in use. */
  readonly keyCount: number | null;
}

export interface Rights {
  /** How it was found out: by asking the server about this user, by calls without effect, or not at all. */
  readonly source: "asked" | "tried" | "unknown";
  readonly user: string | null;
  /** What the user lacks: `XADD on order`, `INFO`. */
  readonly denied: readonly string[];
}

export interface RightsRequest {
  readonly addresses: readonly GroupAddress[];
  /** Names of leases. */
  readonly leases: readonly string[];
  /** Where pauses are kept: see `controlName`. */
  readonly controls: readonly string[];
}

export interface GroupFacts {
  readonly name: string;
  readonly pending: number;
  readonly lag: number | null;
  readonly lastDeliveredId: string;
  readonly consumers: readonly ConsumerReport[];
}

export type StreamFacts =
  | { readonly kind: "absent" }
  /** `type`: what the key holds instead of a stream. */
  | { readonly kind: "wrong_type"; readonly type: string }
  | {
      readonly kind: "stream";
      readonly length: number;
      readonly lastGeneratedId: string;
      readonly groups: readonly GroupFacts[];
    };

export interface SampledEntry {
  readonly entryId: string;
  readonly fields: EntryFields;
}

/** A sample: the oldest and the newest, `limit` of each. */
export interface Sample {
  readonly entries: readonly SampledEntry[];
  /** False when there is more than was looked at. */
  readonly isComplete: boolean;
}

export interface BrokerFacts {
  /** The server's clock, ms since 1970. */
  time(): Promise<number>;
  server(): Promise<ServerFacts>;
  /** Whether the user may do what the engine needs, for these subscriptions and leases. */
  rights(request: RightsRequest): Promise<Rights>;
  stream(name: string): Promise<StreamFacts>;
  /** Companion keys of a subscription that exist and hold something of the wrong type. */
  wrongCompanions(address: GroupAddress): Promise<readonly { readonly key: string; readonly type: string }[]>;
  /** Entries delivered and not acked. */
  pending(address: GroupAddress, lane: Lane, limit: number): Promise<Sample>;
  /** Entries not yet delivered to the group; all of the stream's, while the group does not exist. */
  undelivered(address: GroupAddress, lane: Lane, limit: number): Promise<Sample>;
  deadLetters(address: GroupAddress, limit: number): Promise<readonly DeadLetter[]>;
}
