import assert from "node:assert/strict";
import { test } from "node:test";
import { createRig } from "../support/engine-rig.ts";
import { startRedis } from "../support/redis-server.ts";
import { append, openControl } from "../support/stream-facts.ts";
import { until } from "../support/until.ts";

test("probes through a life: starting, ready, broker gone, back, draining; and unknown is null, never 0", async (t) => {
  const server = await startRedis({ appendonly: true });
  t.after(() => server.stop());
  await server.kill9();
  const redis = openControl(server.url);
  t.after(() => redis.disconnect());
  let isOpen = false;
  const rig = await createRig({
    url: server.url,
    handlers: [
      {
        name: "Keeper",
        stream: "note",
        config: { concurrency: 8 },
        handle: () => until("the gate opens", () => isOpen, { everyMs: 5 }),
      },
    ],
    config: { server: { start_timeout_seconds: 60, shutdown_timeout_seconds: 20, health: { enabled: true, port: 0 } } },
  });
  const ready = async (status: number, word: string): Promise<Awaited<ReturnType<typeof rig.health>>["body"]> => {
    const { body } = await until(
      `readiness is ${status} ${word}`,
      async () => {
        const answer = await rig.health("/readyz");
        return answer.status === status && answer.body.status === word && answer;
      },
      { state: async () => (await rig.health("/readyz")).body },
    );
    for (const path of ["/livez", "/healthz"])
      assert.equal((await rig.health(path)).status, 200, `${path} while ${word}`);
    return body;
  };
  try {
    const starting = rig.engine.start();
    await until("the health server listens", () => rig.engine.healthUrl);
    const early = await ready(503, "unavailable");
    assert.match(early.reason ?? "", /starting/);
    assert.equal(early.checks.subscriptions.details[0]?.["lag"], null);
    await server.restart();
    await starting;
    await ready(200, "ok");

    await append(redis, "note", 0, 5);
    await until("all are in hand", () => rig.runsOf("Keeper").all.length === 5);
    await rig.engine.runMaintenance();
    const [known] = (await ready(200, "ok")).checks.subscriptions.details;
    assert.deepEqual(
      [
        known?.["name"],
        known?.["handler_name"],
        known?.["subscription_type"],
        known?.["stream_category"],
        known?.["status"],
        known?.["circuit_state"],
      ],
      ["shop.Keeper", "Keeper", "stream", "note", "ok", "closed"],
    );
    assert.equal(Number(known?.["lag"]) + Number(known?.["pending"]), 5);
    assert.equal(known?.["dlq_depth"], 0);

    await server.kill9();
    const degraded = await ready(503, "degraded");
    assert.equal(degraded.checks.brokers["default"], "down");
    await rig.engine.runMaintenance().catch(() => undefined);
    const [unknown] = (await ready(503, "degraded")).checks.subscriptions.details;
    for (const field of ["lag", "lag_seconds", "pending", "dlq_depth"]) assert.equal(unknown?.[field], null, field);
    await until(
      "the subscription is disconnected",
      async () => (await rig.health("/readyz")).body.checks.subscriptions.details[0]?.["status"] === "disconnected",
    );

    await server.restart();
    await ready(200, "ok");

    const stopping = rig.engine.stop();
    const draining = await ready(503, "unavailable");
    assert.equal(draining.checks.shutting_down, true);
    assert.match(draining.reason ?? "", /shutting down/);
    isOpen = true;
    const report = await stopping;
    assert.equal(report.cancelled, 0);
    await assert.rejects(
      fetch(`${rig.engine.healthUrl ?? "http://127.0.0.1:1"}/livez`),
      "the health server closes last",
    );
  } finally {
    isOpen = true;
    await rig.engine.stop();
  }
});

test("an open circuit and a deep backlog inform, and do not gate readiness", async (t) => {
  const server = await startRedis();
  t.after(() => server.stop());
  const redis = openControl(server.url);
  t.after(() => redis.disconnect());
  const rig = await createRig({
    url: server.url,
    handlers: [
      {
        name: "Keeper",
        stream: "note",
        config: { concurrency: 1, circuitBreakerThreshold: 2, circuitBreakerResetSeconds: 600 },
        handle() {
          throw new Error("down");
        },
      },
    ],
    config: { server: { health: { enabled: true, port: 0 } } },
  });
  try {
    await rig.engine.start();
    await append(redis, "note", 0, 300);
    await until(
      "the circuit is open",
      async () => (await rig.health("/readyz")).body.checks.subscriptions.details[0]?.["circuit_state"] === "open",
    );
    await rig.engine.runMaintenance();
    const { body } = await until("it is ready all the same", async () => {
      const answer = await rig.health("/readyz");
      return answer.status === 200 && answer;
    });
    assert.ok(Number(body.checks.subscriptions.details[0]?.["lag"]) > 200);
  } finally {
    await rig.engine.stop();
  }
});
