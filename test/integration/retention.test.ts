import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Redis } from "ioredis";
import type { ConfigInput } from "../../src/index.ts";
import { createRig, startRig, type Rig } from "../support/engine-rig.ts";
import { startRedis, type RedisServer } from "../support/redis-server.ts";
import { append, drained, openControl } from "../support/stream-facts.ts";
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

async function keeping(
  stream: string,
  retention: NonNullable<ConfigInput["server"]>,
  handle?: () => unknown,
): Promise<Rig> {
  await redis.del("{shop}:lease:stream-trimmer");
  return startRig({
    url: server.url,
    handlers: [{ name: "Keeper", stream, ...(handle ? { handle } : {}) }],
    config: { server: { ...retention, dlq: { check_interval_seconds: 3600 } } },
  });
}

async function idsOf(stream: string): Promise<string[]> {
  return (await redis.xrange(stream, "-", "+")).map(([id]) => id);
}

test("retention_maxlen trims to exactly that length once everything is acked, also of a few entries", async () => {
  const rig = await keeping("short", { retention_maxlen: 7 });
  try {
    const ids = await append(redis, "short", 0, 40);
    await drained(redis, "short", "shop.Keeper");
    await rig.engine.runMaintenance();
    assert.deepEqual(await idsOf("short"), ids.slice(-7));
    assert.equal(rig.runsOf("Keeper").distinct, 40);
    await rig.engine.runMaintenance();
    assert.equal(await redis.xlen("short"), 7);
  } finally {
    await rig.engine.stop();
  }
});

test("retention_hours trims exactly what is older", async () => {
  const [seconds] = await redis.time();
  const at = (hours: number): string => `${Number(seconds) * 1000 - hours * 3_600_000}-0`;
  for (const hours of [50, 25, 24.1, 23.9, 1]) await redis.xadd("aged", at(hours), "type", "Noted", "data", '{"n":1}');
  const rig = await keeping("aged", { retention_hours: 24 });
  try {
    await drained(redis, "aged", "shop.Keeper");
    await rig.engine.runMaintenance();
    assert.deepEqual(await idsOf("aged"), [at(23.9), at(1)]);
  } finally {
    await rig.engine.stop();
  }
});

test("what a handler has in hand is kept, with everything behind it", async () => {
  let isOpen = false;
  const rig = await keeping("busy", { retention_maxlen: 1 }, () =>
    until("the gate opens", () => isOpen, { everyMs: 5 }),
  );
  try {
    const ids = await append(redis, "busy", 0, 10);
    await until("it is in hand", () => rig.runsOf("Keeper").all.length > 0);
    await rig.engine.runMaintenance();
    assert.deepEqual(await idsOf("busy"), ids);
    isOpen = true;
    await drained(redis, "busy", "shop.Keeper");
    await rig.engine.runMaintenance();
    assert.deepEqual(await idsOf("busy"), ids.slice(-1));
  } finally {
    isOpen = true;
    await rig.engine.stop();
  }
});

test("what a group of another application has not read, or has not acked, is kept", async () => {
  await redis.xgroup("CREATE", "foreign", "billing", "0", "MKSTREAM");
  const rig = await keeping("foreign", { retention_maxlen: 1 });
  try {
    const ids = await append(redis, "foreign", 0, 30);
    await drained(redis, "foreign", "shop.Keeper");
    await rig.engine.runMaintenance();
    assert.deepEqual(await idsOf("foreign"), ids, "it has read nothing yet");
    await redis.xreadgroup("GROUP", "billing", "b", "COUNT", 20, "STREAMS", "foreign", ">");
    await rig.engine.runMaintenance();
    assert.deepEqual(await idsOf("foreign"), ids, "it has acked nothing yet");
    const acked = [...ids.slice(0, 5), ...ids.slice(6, 20)];
    await redis.xack("foreign", "billing", ...acked);
    await rig.engine.runMaintenance();
    assert.deepEqual(await idsOf("foreign"), ids.slice(5), "from its oldest pending one on");
    await redis.xack("foreign", "billing", ids[5] ?? "");
    await rig.engine.runMaintenance();
    assert.deepEqual(await idsOf("foreign"), ids.slice(20), "from its first unread one on");
  } finally {
    await rig.engine.stop();
  }
});

test("while a handler's group does not exist yet, nothing is trimmed", async () => {
  const ids = await append(redis, "early", 0, 20);
  // Connected and not started: its groups are not made.
  const rig = await createRig({
    url: server.url,
    handlers: ["First", "Second"].map((name) => ({ name, stream: "early" })),
    config: { server: { retention_maxlen: 1 } },
  });
  try {
    await rig.engine.broker.broker.connect(10_000, new AbortController().signal);
    await redis.del("{shop}:lease:stream-trimmer");
    await redis.xgroup("CREATE", "early", "shop.First", "$");
    await rig.engine.runMaintenance();
    assert.deepEqual(await idsOf("early"), ids);
    assert.match(String(rig.lines(/was not trimmed/, "warn")[0]?.["reason"]), /shop\.Second/);
    await redis.xgroup("CREATE", "early", "shop.Second", "$");
    await rig.engine.runMaintenance();
    assert.deepEqual(await idsOf("early"), ids.slice(-1), "both exist and have nothing to read");
  } finally {
    await rig.engine.stop();
  }
});

test("without a retention nothing is trimmed", async () => {
  const rig = await keeping("all", {});
  try {
    const ids = await append(redis, "all", 0, 30);
    await drained(redis, "all", "shop.Keeper");
    await rig.engine.runMaintenance();
    assert.deepEqual(await idsOf("all"), ids);
  } finally {
    await rig.engine.stop();
  }
});
