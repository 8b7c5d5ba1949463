import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import type { Redis } from "ioredis";
import { startRig } from "../support/engine-rig.ts";
import { startRedis, type RedisServer } from "../support/redis-server.ts";
import { append, drained, openControl, pendingOf } from "../support/stream-facts.ts";
import { until } from "../support/until.ts";

let server: RedisServer;
let redis: Redis;

before(async () => {
  server = await startRedis();
  redis = openControl(server.url);
});
after(async () => {
  redis.disconnect();
  await server.stop();
});

async function namesIn(stream: string, group: string): Promise<string[]> {
  return ((await redis.xinfo("CONSUMERS", stream, group)) as string[][]).map((flat) => String(flat[1])).toSorted();
}

test("names of consumers that are gone are removed, never one that holds something", async () => {
  const [stream, group] = ["names", "shop.Keeper"];
  await redis.xgroup("CREATE", stream, group, "0", "MKSTREAM");
  await append(redis, stream, 0, 5);
  for (let each = 0; each < 20; each += 1) await redis.xgroup("CREATECONSUMER", stream, group, `gone-${each}`);
  await redis.xreadgroup("GROUP", group, "holding", "COUNT", 5, "STREAMS", stream, ">");
  const rig = await startRig({
    url: server.url,
    handlers: [{ name: "Keeper", stream, config: { blockingTimeoutMs: 50 } }],
  });
  try {
    await append(redis, stream, 50, 1);
    await until("the living one has its name there", () => rig.runsOf("Keeper").distinct === 1);
    await delay(1200);
    const removed = await rig.engine.broker.admin.reapConsumers({ stream, group }, 1000);
    assert.equal(removed.filter((name) => name.startsWith("gone-")).length, 20);
    assert.ok(!removed.includes("holding"), "it holds five");
    // A living one that found nothing to read for long looks silent to Redis 7.0: losing its name must not hurt it.
    const left = await namesIn(stream, group);
    assert.deepEqual(
      left.filter((name) => !name.includes(`:${process.pid}:`)),
      ["holding"],
    );
    assert.equal(await pendingOf(redis, stream, group), 5, "nothing pending was dropped");
    await append(redis, stream, 100, 3);
    await until("the living one goes on", () => rig.runsOf("Keeper").distinct === 4);
  } finally {
    await rig.engine.stop();
  }
  assert.deepEqual(await namesIn(stream, group), ["holding"], "an engine that stops takes its own name away");
  assert.equal(await pendingOf(redis, stream, group), 5);
  const heir = await startRig({
    url: server.url,
    handlers: [{ name: "Keeper", stream, config: { claimIdleMs: 500 } }],
  });
  try {
    await drained(redis, stream, group);
    assert.deepEqual(heir.runsOf("Keeper").missingOf([0, 1, 2, 3, 4]), []);
  } finally {
    await heir.engine.stop();
  }
});
