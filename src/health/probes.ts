/** What the probes answer: pure verdicts over the engine's snapshot. Nothing here asks anybody or waits. */
import type { PauseMark } from "../ports/control.ts";
import type { MetricFamily } from "../telemetry/metric.ts";
import type { CircuitState, EngineStatus, ShedReason, SubscriptionStatus, WorkersStatus } from "./status.ts";

/** Whoever can tell how the engine stands, at once: an `Engine`. */
export interface HealthSource {
  status(): EngineStatus;
  /** For `/metrics`, which is not there without it. */
  metrics?(): readonly MetricFamily[];
}

/** Unknown is null. */
export type ComponentHealth = "ok" | "impaired" | "down" | null;

export interface SubscriptionHealth {
  readonly name: string;
  readonly handler_name: string;
  readonly subscription_type: "stream" | "event_store";
  readonly stream_category: string;
  readonly lag: number | null;
  readonly lag_seconds: number | null;
  readonly pending: number | null;
  readonly dlq_depth: number | null;
  readonly status: SubscriptionStatus["status"];
  readonly circuit_state: CircuitState;
  /** Null: it reads. */
  readonly paused: PauseMark | null;
}

export interface HealthChecks {
  readonly shutting_down: boolean;
  readonly providers: Readonly<Record<string, ComponentHealth>>;
  readonly brokers: Readonly<Record<string, ComponentHealth>>;
  readonly event_store: ComponentHealth;
  readonly caches: Readonly<Record<string, ComponentHealth>>;
  readonly subscriptions: { readonly total: number; readonly details: readonly SubscriptionHealth[] };
  /** Why less is taken in now; only where there is a reason. */
  readonly load_shedding?: readonly ShedReason[];
  /** Only from a supervisor. */
  readonly workers?: WorkersStatus;
}

export type HealthWord = "ok" | "stalled" | "degraded" | "unavailable";

export interface HealthBody {
  readonly status: HealthWord;
  /** Why, in a sentence; only when the status is not "ok". */
  readonly reason?: string;
  readonly checks: HealthChecks;
}

export interface Verdict {
  readonly statusCode: 200 | 503;
  readonly body: HealthBody;
}

/**
 * Whether the process should live on: only a subscription loop that no longer turns says no. A broker that is down, or
 * a drain in progress, is no reason to be killed.
 */
export function livenessOf(status: EngineStatus): Verdict {
  const stalled = status.subscriptions.filter((each) => each.status === "stalled");
  if (stalled.length === 0) return verdict(status, "ok");
  return verdict(status, "stalled", `stalled: ${stalled.map((each) => each.name).join(", ")}`);
}

/** Whether the engine can do its work now. Subscriptions inform and never gate. */
export function readinessOf(status: EngineStatus): Verdict {
  if (status.state !== "running") {
    return verdict(status, "unavailable", `the engine is ${WORD_OF_STATE[status.state]}`);
  }
  const faults = [
    ...workerFaults(status),
    ...Object.entries(status.brokers).flatMap(([name, broker]) => {
      switch (broker.kind) {
        case "ok":
          return [];
        case "unknown":
          return [`broker ${name} has not been asked yet`];
        case "down":
        case "impaired":
          return [`broker ${name} is ${broker.kind}: ${broker.reason}`];
      }
    }),
  ];
  return faults.length === 0 ? verdict(status, "ok") : verdict(status, "degraded", faults.join("; "));
}

function workerFaults({ workers }: EngineStatus): readonly string[] {
  if (!workers) return [];
  if (workers.stuck > 0) return [`${workers.stuck} of ${workers.total} workers are stuck`];
  return workers.running < workers.total ? [`${workers.running} of ${workers.total} workers are running`] : [];
}

const WORD_OF_STATE = {
  new: "not started",
  starting: "starting",
  running: "running",
  stopping: "shutting down",
  stopped: "stopped",
  failed: "not running: its start failed",
} as const satisfies Record<EngineStatus["state"], string>;

function verdict(status: EngineStatus, word: HealthWord, reason?: string): Verdict {
  const body = { status: word, ...(reason === undefined ? {} : { reason }), checks: checksOf(status) };
  return { statusCode: word === "ok" ? 200 : 503, body };
}

function checksOf(status: EngineStatus): HealthChecks {
  const shedding = (status.loadShedding ?? []).filter(({ isActive }) => isActive).map(({ reason }) => reason);
  return {
    shutting_down: status.state === "stopping" || status.state === "stopped",
    providers: {},
    brokers: Object.fromEntries(
      Object.entries(status.brokers).map(([name, broker]) => [name, broker.kind === "unknown" ? null : broker.kind]),
    ),
    event_store: null,
    caches: {},
    subscriptions: {
      total: status.subscriptions.length,
      details: status.subscriptions.map(subscriptionHealth),
    },
    ...(shedding.length > 0 ? { load_shedding: shedding } : {}),
    ...(status.workers ? { workers: status.workers } : {}),
  };
}

function subscriptionHealth(subscription: SubscriptionStatus): SubscriptionHealth {
  return {
    name: subscription.name,
    handler_name: subscription.handlerName,
    subscription_type: subscription.subscriptionType,
    stream_category: subscription.stream,
    lag: subscription.lag,
    lag_seconds: subscription.lagSeconds,
    pending: subscription.pending,
    dlq_depth: subscription.dlqDepth,
    status: subscription.status,
    circuit_state: subscription.circuitState,
    paused: subscription.paused,
  };
}
