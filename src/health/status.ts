/** The engine as it stands, from state collected in the background: reading it asks nobody and never waits. */
import type { BrokerStatus } from "../ports/broker.ts";
import type { PauseMark } from "../ports/control.ts";

export type EngineState = "new" | "starting" | "running" | "stopping" | "stopped" | "failed";

export type CircuitState = "closed" | "open" | "half_open";

export interface SubscriptionCounts {
  /** Handled and acked. */
  readonly succeeded: number;
  /** Runs that ended in a counted error. */
  readonly failed: number;
  /** Runs that were not the first. */
  readonly retried: number;
  readonly deadLettered: number;
  /** Acked on a DiscardError, or on exhausted retries with the DLQ off. */
  readonly discarded: number;
  /** Acked: this class has no method for the type. */
  readonly unhandled: number;
  /** Taken over from lost consumers. */
  readonly claimed: number;
  /** Found deleted from the stream while pending. */
  readonly missing: number;
  /** Settlements refused because another consumer held the entry by then. */
  readonly fenced: number;
  /** Times a vanished group had to be made again. */
  readonly groupsRecreated: number;
  readonly readerRestarts: number;
  /** Handlers that went on after their timeout and were given up. */
  readonly abandoned: number;
}

export interface SubscriptionStatus {
  readonly name: string;
  readonly handlerName: string;
  readonly subscriptionType: "stream" | "event_store";
  readonly stream: string;
  readonly profile: string;
  /** Unknown is null. */
  readonly lag: number | null;
  readonly lagSeconds: number | null;
  readonly pending: number | null;
  readonly oldestPendingSeconds: number | null;
  readonly dlqDepth: number | null;
  /** Replayed dead letters not yet handled. */
  readonly replayBacklog: number | null;
  readonly circuitState: CircuitState;
  /** "stalled": its loop has not turned within its budget. "disconnected": it cannot reach its broker. */
  readonly status: "ok" | "starting" | "disconnected" | "stalled" | "stopped";
  /** Who paused it; null: it reads. Of several workers: one of them is paused at least. */
  readonly paused: PauseMark | null;
  readonly inFlight: number;
  /** Held in this process: in flight, waiting, and parked for a retry. */
  readonly held: number;
  readonly counts: SubscriptionCounts;
}

export type ShedReason = "heap" | "rss" | "event_loop";

/** Of one reason for load shedding, in this process; of several workers: whether any does, and the sum. */
export interface LoadSheddingStatus {
  readonly reason: ShedReason;
  readonly isActive: boolean;
  /** How often it began, since the start. */
  readonly episodes: number;
}

/** Of a supervisor's worker processes. */
export interface WorkersStatus {
  readonly total: number;
  /** Those that report, and run. */
  readonly running: number;
  /** Those that have stopped reporting: their event loop does not turn. */
  readonly stuck: number;
}

export interface EngineStatus {
  readonly state: EngineState;
  /** ms since start() resolved; 0 before. */
  readonly uptimeMs: number;
  readonly brokers: Readonly<Record<string, BrokerStatus | { readonly kind: "unknown" }>>;
  readonly subscriptions: readonly SubscriptionStatus[];
  /** Age of the background samples behind lag, pending and depth, in ms; null before the first. */
  readonly sampleAgeMs: number | null;
  /** Those that are watched; missing where load shedding is off. */
  readonly loadShedding?: readonly LoadSheddingStatus[];
  /** Only of a supervisor. */
  readonly workers?: WorkersStatus;
}
