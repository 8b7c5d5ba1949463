/** Snapshots for tests of the probes. */
import type { EngineStatus, SubscriptionStatus } from "../../../src/health/status.ts";

export function createStatus(over: Partial<EngineStatus> = {}): EngineStatus {
  return {
    state: "running",
    uptimeMs: 1_000,
    brokers: { default: { kind: "ok" } },
    subscriptions: [createSubscription()],
    sampleAgeMs: 10,
    ...over,
  };
}

export function createSubscription(over: Partial<SubscriptionStatus> = {}): SubscriptionStatus {
  return {
    name: "shop.AuditHandler",
    handlerName: "AuditHandler",
    subscriptionType: "stream",
    stream: "order",
    profile: "production",
    lag: 0,
    lagSeconds: 0,
    pending: 0,
    oldestPendingSeconds: 0,
    dlqDepth: 0,
    replayBacklog: 0,
    circuitState: "closed",
    status: "ok",
    paused: null,
    inFlight: 0,
    held: 0,
    counts: {
      succeeded: 0,
      failed: 0,
      retried: 0,
      deadLettered: 0,
      discarded: 0,
      unhandled: 0,
      claimed: 0,
      missing: 0,
      fenced: 0,
      groupsRecreated: 0,
      readerRestarts: 0,
      abandoned: 0,
    },
    ...over,
  };
}
