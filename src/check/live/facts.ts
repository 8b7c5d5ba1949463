/** What `--live` found out, for rules to judge. */
import type { GroupFacts, Rights, ServerFacts, StreamFacts } from "../../ports/broker-facts.ts";

/** An entry that this build would not handle. */
export interface Misfit {
  readonly entryId: string;
  /** Null when it cannot be decoded. */
  readonly type: string | null;
  readonly problem: "invalid" | "unhandled";
  readonly reason: string;
}

/** One place where messages of a subscription are in flight. */
export interface InFlight {
  readonly where: "pending" | "undelivered" | "replay" | "dead_letters";
  readonly sampled: number;
  readonly isComplete: boolean;
  readonly misfits: readonly Misfit[];
}

export interface SubscriptionFacts {
  readonly name: string;
  readonly handlerName: string;
  readonly stream: string;
  /** Null: the group does not exist yet. */
  readonly group: GroupFacts | null;
  readonly dlqDepth: number;
  readonly dlqAlertThreshold: number;
  readonly inFlight: readonly InFlight[];
  readonly wrongCompanions: readonly { readonly key: string; readonly type: string }[];
}

export interface StreamReport {
  readonly stream: string;
  readonly facts: StreamFacts;
  /** Groups of this domain that belong to no handler. */
  readonly orphans: readonly GroupFacts[];
  /** Subscriptions of this domain without handler that have dead letters; null: the database is too large to look. */
  readonly orphanedLetters: readonly { readonly subscription: string; readonly depth: number }[] | null;
}

export interface BrokerReport {
  readonly kind: "reached";
  readonly broker: string;
  readonly server: ServerFacts;
  readonly rights: Rights;
  /** The server's clock minus this machine's, ms, as far as the round trip lets one tell. */
  readonly clockSkewMs: number;
  /** Wall clock of the server when it was asked. */
  readonly serverTimeMs: number;
  readonly streams: readonly StreamReport[];
  readonly subscriptions: readonly SubscriptionFacts[];
  /** Processes that will run, all told: replicas × workers. */
  readonly processes: number;
}

export type LiveFacts =
  | BrokerReport
  | { readonly kind: "unreachable"; readonly broker: string; readonly reason: string };
