import assert from "node:assert/strict";
import { test } from "node:test";
import { startRig } from "../support/engine-rig.ts";
import { startRedis } from "../support/redis-server.ts";
import { drained, openControl, startLoad } from "../support/stream-facts.ts";
import { until } from "../support/until.ts";

const FROZEN_MS = 10_000;

test("Redis frozen for ten seconds: probes tell the truth within three and never hang, and everything goes on after", async (t) => {
  const server = await startRedis();
  t.after(() => server.stop());
  const redis = openControl(server.url);
  t.after(() => redis.disconnect());
  const rig = await startRig({
    url: server.url,
    handlers: [{ name: "Keeper", stream: "note" }],
    config: { server: { health: { enabled: true, port: 0 } } },
  });
  const load = startLoad(server.url, "note");
  try {
    await until("the load flows", () => rig.runsOf("Keeper").distinct > 100);
    await until("it is ready", async () => (await rig.health("/readyz")).status === 200);

    server.pause();
    const frozenAt = performance.now();
    let degradedAfterMs = Number.POSITIVE_INFINITY;
    const tookMs: number[] = [];
    let frozenRuns: number | null = null;
    while (performance.now() - frozenAt < FROZEN_MS) {
      const ready = await rig.health("/readyz");
      const live = await rig.health("/livez");
      tookMs.push(ready.tookMs, live.tookMs);
      assert.equal(live.status, 200, "a frozen broker is no reason to kill the process");
      const sinceMs = performance.now() - frozenAt;
      if (ready.status === 503) degradedAfterMs = Math.min(degradedAfterMs, sinceMs);
      if (sinceMs > 3000) {
        assert.equal(ready.status, 503);
        assert.equal(ready.body.status, "degraded");
        assert.equal(ready.body.checks.brokers["default"], "down");
        frozenRuns ??= rig.runsOf("Keeper").all.length;
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    assert.equal(rig.runsOf("Keeper").all.length, frozenRuns, "nothing was delivered while it was frozen");
    assert.ok(degradedAfterMs < 3000, `degraded after ${degradedAfterMs} ms`);
    const slow = tookMs.filter((ms) => ms > 500);
    assert.ok(slow.length <= 1, `of ${tookMs.length} answers, these took more than 500 ms: ${slow.join(", ")}`);

    server.resume();
    await until("it is ready again", async () => (await rig.health("/readyz")).status === 200);
    const acknowledged = await load.stop();
    await drained(redis, "note", "shop.Keeper");
    assert.deepEqual(rig.runsOf("Keeper").missingOf(acknowledged), []);
    assert.deepEqual(rig.runsOf("Keeper").repeated, []);
  } finally {
    server.resume();
    await load.stop();
    await rig.engine.stop();
  }
});
