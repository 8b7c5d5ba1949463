/** What a subscription is made from, and what the engine may ask of it. */
import type { Logger } from "pino";
import type { SubscriptionSettings } from "../config/settings.ts";
import type { SubscriptionModel } from "../domain/model.ts";
import type { SubscriptionStatus } from "../health/status.ts";
import type { Broker } from "../ports/broker.ts";
import type { Clock } from "../ports/clock.ts";
import type { PauseMark } from "../ports/control.ts";
import type { Semaphore } from "../primitives/semaphore.ts";
import type { HistogramSnapshot } from "../telemetry/histogram.ts";
import type { Tracing } from "../telemetry/tracing.ts";
import type { Circuit } from "./circuit-breaker.ts";
import type { PrepareRaised } from "./delivery-context.ts";
import type { DrainReport } from "./drain.ts";
import type { Redact } from "./failure-record.ts";

export interface SubscriptionOptions {
  readonly model: SubscriptionModel;
  readonly settings: SubscriptionSettings;
  readonly profile: string;
  readonly broker: Broker;
  /** This process's name in every consumer group. */
  readonly consumerName: string;
  readonly clock: Clock;
  readonly log: Logger;
  readonly redact: Redact;
  readonly prepare: PrepareRaised;
  readonly maxMessageBytes: number;
  /** One suspect at a time in the whole process. */
  readonly suspectTurn: Semaphore;
  /** The process has too much of something: no more is taken in than one message at a time. Default: never. */
  readonly isShedding?: () => boolean;
  /** A handler of this subscription is about to run: told before each run. */
  readonly onRun?: () => void;
  /** Null: no traces. */
  readonly tracing?: Tracing | null;
}

export type SubscriptionState = "new" | "starting" | "running" | "quiet" | "draining" | "stopped";

/** What this process knows by itself; lag and depths come from the sampler. */
export type LocalStatus = Omit<
  SubscriptionStatus,
  "lag" | "lagSeconds" | "pending" | "oldestPendingSeconds" | "dlqDepth" | "replayBacklog"
>;

export interface Subscription {
  readonly model: SubscriptionModel;
  readonly settings: SubscriptionSettings;
  start(signal: AbortSignal): Promise<void>;
  /** Pauses, also before the start, or with null resumes. Resolves when nothing is read and what waited is handed back. */
  setPause(mark: PauseMark | null): Promise<void>;
  /** There may be more room than before. */
  poke(): void;
  /** Stops reading and hands back what waits. Resolves to how many it handed back. */
  quiet(): Promise<number>;
  /** Lets handlers finish until `deadline` (monotonic, ms), settles, leaves the group. */
  drain(deadline: number): Promise<DrainReport>;
  status(): LocalStatus;
  /** How long runs took, in seconds. */
  durations(): HistogramSnapshot;
  readonly circuit: Circuit;
  /** Holds nothing, not even something to ack. */
  readonly isIdle: boolean;
  readonly isPaused: boolean;
}
