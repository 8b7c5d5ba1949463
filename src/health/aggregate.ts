/** One status from those of several workers: what a probe of their supervisor is answered from. */
import type { BrokerStatus } from "../ports/broker.ts";
import type {
  EngineState,
  EngineStatus,
  LoadSheddingStatus,
  SubscriptionCounts,
  SubscriptionStatus,
  WorkersStatus,
} from "./status.ts";

/** A worker that has said nothing for so long is stuck: it reports every second. */
const STUCK_AFTER_MS = 5000;

/** What a worker last said. */
export interface WorkerReport {
  readonly status: EngineStatus;
  /** On the supervisor's monotonic clock. */
  readonly receivedAtMs: number;
}

export interface AggregateInput {
  /** By worker; null for one that has not reported since it was (re)started. */
  readonly reports: readonly (WorkerReport | null)[];
  readonly isStopping: boolean;
  readonly nowMs: number;
}

export function aggregateStatus({ reports, isStopping, nowMs }: AggregateInput): EngineStatus {
  const present = reports.filter((report) => report !== null);
  const fresh = present.filter((report) => nowMs - report.receivedAtMs <= STUCK_AFTER_MS);
  const statuses = fresh.map((report) => report.status);
  const workers: WorkersStatus = {
    total: reports.length,
    running: statuses.filter((status) => status.state === "running").length,
    stuck: present.length - fresh.length,
  };
  return {
    state: isStopping ? "stopping" : stateOf(workers),
    uptimeMs: Math.max(0, ...statuses.map((status) => status.uptimeMs)),
    brokers: mergeBrokers(statuses),
    subscriptions: mergeSubscriptions(statuses),
    sampleAgeMs: statuses.reduce<number | null>((youngest, { sampleAgeMs }) => lower(youngest, sampleAgeMs), null),
    loadShedding: mergeShedding(statuses),
    workers,
  };
}

function stateOf({ running, stuck }: WorkersStatus): EngineState {
  return running + stuck === 0 ? "starting" : "running";
}

const SEVERITY = { ok: 0, unknown: 1, impaired: 2, down: 3 } as const;

function mergeBrokers(statuses: readonly EngineStatus[]): EngineStatus["brokers"] {
  const worst: Record<string, BrokerStatus | { readonly kind: "unknown" }> = {};
  for (const { brokers } of statuses) {
    for (const [name, status] of Object.entries(brokers)) {
      const known = worst[name];
      if (!known || SEVERITY[status.kind] > SEVERITY[known.kind]) worst[name] = status;
    }
  }
  return worst;
}

const WORSE: readonly SubscriptionStatus["status"][] = ["ok", "stopped", "starting", "disconnected", "stalled"];
const CIRCUITS: readonly SubscriptionStatus["circuitState"][] = ["closed", "half_open", "open"];

function mergeSubscriptions(statuses: readonly EngineStatus[]): readonly SubscriptionStatus[] {
  const merged = new Map<string, SubscriptionStatus>();
  for (const status of statuses.flatMap((each) => each.subscriptions)) {
    const known = merged.get(status.name);
    merged.set(status.name, known ? mergeTwo(known, status) : status);
  }
  return [...merged.values()];
}

/** Lag and depths are the group's, the same from every worker: any known one will do. Counts add up. */
function mergeTwo(one: SubscriptionStatus, other: SubscriptionStatus): SubscriptionStatus {
  return {
    ...one,
    lag: one.lag ?? other.lag,
    lagSeconds: one.lagSeconds ?? other.lagSeconds,
    pending: one.pending ?? other.pending,
    oldestPendingSeconds: one.oldestPendingSeconds ?? other.oldestPendingSeconds,
    dlqDepth: one.dlqDepth ?? other.dlqDepth,
    replayBacklog: one.replayBacklog ?? other.replayBacklog,
    circuitState: later(CIRCUITS, one.circuitState, other.circuitState),
    status: later(WORSE, one.status, other.status),
    paused: one.paused ?? other.paused,
    inFlight: one.inFlight + other.inFlight,
    held: one.held + other.held,
    counts: addCounts(one.counts, other.counts),
  };
}

function later<T>(order: readonly T[], one: T, other: T): T {
  return order.indexOf(one) >= order.indexOf(other) ? one : other;
}

function addCounts(one: SubscriptionCounts, other: SubscriptionCounts): SubscriptionCounts {
  const sum: Record<string, number> = {};
  for (const [name, value] of Object.entries(one)) sum[name] = value + other[name as keyof SubscriptionCounts];
  return sum as unknown as SubscriptionCounts;
}

function mergeShedding(statuses: readonly EngineStatus[]): readonly LoadSheddingStatus[] {
  const merged = new Map<string, LoadSheddingStatus>();
  for (const each of statuses.flatMap(({ loadShedding = [] }) => loadShedding)) {
    const { isActive = false, episodes = 0 } = merged.get(each.reason) ?? {};
    merged.set(each.reason, { ...each, isActive: isActive || each.isActive, episodes: episodes + each.episodes });
  }
  return [...merged.values()];
}

function lower(one: number | null, other: number | null): number | null {
  if (one === null || other === null) return one ?? other;
  return Math.min(one, other);
}
