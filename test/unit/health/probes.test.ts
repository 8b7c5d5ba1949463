import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { livenessOf, readinessOf } from "../../../src/health/probes.ts";
import type { EngineState, EngineStatus } from "../../../src/health/status.ts";
import { createStatus, createSubscription } from "./engine-status.ts";

describe("the body of a probe", () => {
  it("is the one of the contract", () => {
    assert.deepEqual(readinessOf(createStatus()).body, {
      status: "ok",
      checks: {
        shutting_down: false,
        providers: {},
        brokers: { default: "ok" },
        event_store: null,
        caches: {},
        subscriptions: {
          total: 1,
          details: [
            {
              name: "shop.AuditHandler",
              handler_name: "AuditHandler",
              subscription_type: "stream",
              stream_category: "order",
              lag: 0,
              lag_seconds: 0,
              pending: 0,
              dlq_depth: 0,
              status: "ok",
              circuit_state: "closed",
              paused: null,
            },
          ],
        },
      },
    });
  });

  it("keeps what is unknown null, never 0", () => {
    const unknown = createSubscription({ lag: null, lagSeconds: null, pending: null, dlqDepth: null });
    const [details] = readinessOf(createStatus({ subscriptions: [unknown] })).body.checks.subscriptions.details;
    assert.deepEqual(
      [details?.lag, details?.lag_seconds, details?.pending, details?.dlq_depth],
      [null, null, null, null],
    );
  });
});

describe("readiness", () => {
  const cases: readonly [string, Partial<EngineStatus>, number, string][] = [
    ["is ok while running with its broker", {}, 200, "ok"],
    [
      "is degraded while a broker is down",
      { brokers: { default: { kind: "down", reason: "refused" } } },
      503,
      "degraded",
    ],
    [
      "is degraded while a broker is impaired",
      { brokers: { default: { kind: "impaired", reason: "out of memory" } } },
      503,
      "degraded",
    ],
    ["is degraded until the broker has been asked", { brokers: { default: { kind: "unknown" } } }, 503, "degraded"],
    [
      "does not depend on subscriptions",
      { subscriptions: [createSubscription({ status: "stalled", circuitState: "open" })] },
      200,
      "ok",
    ],
    ...(["new", "starting", "stopping", "stopped", "failed"] as const satisfies EngineState[]).map(
      (state): [string, Partial<EngineStatus>, number, string] => [
        `is unavailable while ${state}`,
        { state },
        503,
        "unavailable",
      ],
    ),
  ];
  for (const [name, status, statusCode, word] of cases) {
    it(name, () => {
      const verdict = readinessOf(createStatus(status));
      assert.deepEqual([verdict.statusCode, verdict.body.status], [statusCode, word]);
      assert.equal(verdict.body.reason === undefined, word === "ok");
    });
  }

  it("says that it is shutting down", () => {
    assert.equal(readinessOf(createStatus({ state: "stopping" })).body.checks.shutting_down, true);
  });
});

describe("liveness", () => {
  it("holds while draining, and while the broker is down", () => {
    const down = { default: { kind: "down", reason: "refused" } } as const;
    assert.equal(livenessOf(createStatus({ state: "stopping", brokers: down })).statusCode, 200);
    const subscriptions = [createSubscription({ status: "disconnected" })];
    assert.equal(livenessOf(createStatus({ brokers: down, subscriptions })).statusCode, 200);
  });

  it("ends when a subscription's loop no longer turns, naming it", () => {
    const verdict = livenessOf(
      createStatus({
        subscriptions: [createSubscription(), createSubscription({ name: "shop.Mail", status: "stalled" })],
      }),
    );
    assert.deepEqual(
      [verdict.statusCode, verdict.body.status, verdict.body.reason],
      [503, "stalled", "stalled: shop.Mail"],
    );
  });
});
