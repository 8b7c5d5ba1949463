import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import type { Redis } from "ioredis";
import { startRig, type Rig } from "../support/engine-rig.ts";
import { startRedis, type RedisServer } from "../support/redis-server.ts";
import { append, deadLetters, drained, openControl } from "../support/stream-facts.ts";
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

const circuitOf = (rig: Rig): string | undefined => rig.engine.status().subscriptions[0]?.circuitState;

const SETTINGS = {
  concurrency: 1,
  maxRetries: 50,
  retryDelaySeconds: 0,
  retryMaxDelaySeconds: 0,
  circuitBreakerThreshold: 3,
  circuitBreakerResetSeconds: 0.7,
};

test("failures in a row open the circuit: no handler runs, one probe at a time, failing probes cost no attempt, success closes it", async () => {
  const stream = "outage";
  let isBroken = true;
  const rig = await startRig({
    url: server.url,
    handlers: [
      {
        name: "Keeper",
        stream,
        config: SETTINGS,
        handle() {
          if (isBroken) throw new Error("the service behind is down");
        },
      },
    ],
  });
  try {
    // One alone, so that every probe is of the same message.
    await append(redis, stream, 0, 1);
    const runs = rig.runsOf("Keeper");
    await until("the circuit is open", () => circuitOf(rig) === "open");
    const atOpening = runs.all.length;
    assert.equal(atOpening, 3, "it opened after three failures in a row");
    await until("three probes have failed", () => rig.lines(/probe failed/).length >= 3);
    const probes = runs.all.slice(3, 6);
    assert.equal(probes.length, 3);
    const gaps = probes.map(({ atMs }, index) => atMs - (runs.all[2 + index]?.atMs ?? 0));
    for (const gapMs of gaps)
      assert.ok(gapMs > 600, `a run ${Math.round(gapMs)} ms after the one before it, while the circuit was open`);
    assert.deepEqual(
      runs.all.slice(0, 6).map(({ attempt }) => attempt),
      [1, 2, 3, 4, 4, 4],
      "failing probes cost no attempt",
    );
    await append(redis, stream, 1, 9);
    isBroken = false;
    await until("the circuit is closed", () => circuitOf(rig) === "closed");
    await drained(redis, stream, "shop.Keeper");
    assert.deepEqual(runs.missingOf([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]), []);
    assert.deepEqual(await deadLetters(redis, stream, "shop.Keeper"), []);
    assert.equal(rig.lines(/^circuit open$/, "error").length, 1 + rig.lines(/probe failed/).length);
  } finally {
    await rig.engine.stop();
  }
});

test("a success in between starts the count anew", async () => {
  const stream = "flaky";
  const rig = await startRig({
    url: server.url,
    handlers: [
      {
        name: "Keeper",
        stream,
        // Never three in a row: two of three numbers fail once each, and every retry succeeds.
        config: { ...SETTINGS, retryDelaySeconds: 0 },
        handle({ n }, { attempt }) {
          if (n % 3 !== 0 && attempt === 1) throw new Error("once");
        },
      },
    ],
  });
  try {
    await append(redis, stream, 0, 1);
    for (let n = 1; n < 13; n += 1) {
      await append(redis, stream, n, 1);
      await until(`${n} has succeeded`, () => rig.counts("Keeper").succeeded === n + 1);
    }
    assert.equal(rig.counts("Keeper").failed, 8, "more failures than the threshold");
    assert.equal(rig.lines(/^circuit /).length, 0);
  } finally {
    await rig.engine.stop();
  }
});

test("messages that cannot be decoded do not count", async () => {
  const stream = "garbage";
  const rig = await startRig({ url: server.url, handlers: [{ name: "Keeper", stream, config: SETTINGS }] });
  try {
    for (let n = 0; n < 10; n += 1)
      await redis.xadd(stream, "*", "type", "Noted", "data", n % 2 === 0 ? "{broken" : '{"n":"text"}');
    await append(redis, stream, 100, 1);
    await drained(redis, stream, "shop.Keeper");
    const letters = await deadLetters(redis, stream, "shop.Keeper");
    assert.equal(letters.length, 10);
    assert.ok(letters.every(({ failure }) => failure.reason === "invalid_message"));
    await delay(50);
    assert.equal(rig.lines(/^circuit /).length, 0);
    assert.equal(circuitOf(rig), "closed");
    assert.equal(rig.runsOf("Keeper").of(100), 1);
  } finally {
    await rig.engine.stop();
  }
});
