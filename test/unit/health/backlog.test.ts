import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { backlogOf } from "../../../src/health/backlog.ts";
import { answerHealth } from "../../../src/health/handler.ts";
import type { EngineState, EngineStatus } from "../../../src/health/status.ts";
import { createStatus, createSubscription } from "./engine-status.ts";

const two = [
  createSubscription({ lag: 7, pending: 2, replayBacklog: 1 }),
  createSubscription({ name: "shop.Mail", lag: 0, pending: 5, replayBacklog: 0 }),
];

describe("the backlog", () => {
  it("is what waits in all subscriptions", () => {
    assert.deepEqual(backlogOf(createStatus({ subscriptions: two })), {
      statusCode: 200,
      body: {
        backlog: 15,
        subscriptions: {
          "shop.AuditHandler": { lag: 7, pending: 2, replay: 1 },
          "shop.Mail": { lag: 0, pending: 5, replay: 0 },
        },
      },
    });
  });

  const unknowns: readonly [string, Partial<EngineStatus>][] = [
    ["of a group whose lag is unknown", { subscriptions: [...two, createSubscription({ name: "x", lag: null })] }],
    ["of a group whose pending is unknown", { subscriptions: [createSubscription({ pending: null })] }],
    ["of a group whose replays are unknown", { subscriptions: [createSubscription({ replayBacklog: null })] }],
    ["before the first sample", { sampleAgeMs: null }],
    ["when the sample is old", { sampleAgeMs: 61_000 }],
    ...(["new", "starting", "stopping", "stopped", "failed"] as const satisfies EngineState[]).map(
      (state): [string, Partial<EngineStatus>] => [`while ${state}`, { state }],
    ),
  ];
  for (const [when, status] of unknowns) {
    it(`is null and 503, never 0, ${when}`, () => {
      const { statusCode, body } = backlogOf(createStatus({ subscriptions: two, ...status }));
      assert.deepEqual([statusCode, body.backlog], [503, null]);
      assert.ok(body.reason);
    });
  }

  it("is served at /backlog", () => {
    const { statusCode, body } = answerHealth("GET", "/backlog", {
      status: () => createStatus({ subscriptions: two }),
    });
    assert.deepEqual([statusCode, (JSON.parse(body) as { backlog: number }).backlog], [200, 15]);
  });
});
