import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import type { Redis } from "ioredis";
import { PermanentError } from "../../src/index.ts";
import { startRig } from "../support/engine-rig.ts";
import { startRedis, type RedisServer } from "../support/redis-server.ts";
import { append, deadLetters, drained, infoOf, openControl, pendingOf, startLoad } from "../support/stream-facts.ts";
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

/** A reader waits in XREADGROUP. */
function readerIsBlocked(): Promise<true> {
  return until("a reader is blocked", async () => {
    const clients = String(await redis.client("LIST"));
    return clients.split("\n").some((line) => line.includes("engine:reader") && /flags=[^ ]*b/.test(line)) || null;
  });
}

interface Loss {
  readonly stream: string;
  /** Appends 100 … 104 in the same transaction, behind the loss. */
  lose(transaction: ReturnType<Redis["multi"]>): unknown;
}

async function isMadeAgain({ stream, lose }: Loss): Promise<void> {
  // A group that began at the end must not skip what came between.
  const rig = await startRig({
    url: server.url,
    handlers: [{ name: "Keeper", stream, startFrom: "latest", config: { blockingTimeoutMs: 10_000 } }],
  });
  try {
    await append(redis, stream, 0, 10);
    await until("the first are handled", () => rig.runsOf("Keeper").distinct === 10);
    await readerIsBlocked();
    const transaction = redis.multi();
    lose(transaction);
    for (let n = 100; n < 105; n += 1) transaction.xadd(stream, "*", "type", "Noted", "data", JSON.stringify({ n }));
    const startedMs = performance.now();
    await transaction.exec();
    await append(redis, stream, 200, 5);
    await until(
      "those between and after are handled",
      () => rig.runsOf("Keeper").missingOf([100, 104, 200, 204]).length === 0,
    );
    assert.ok(performance.now() - startedMs < 9000, "the blocked reader noticed before its time was up");
    await drained(redis, stream, "shop.Keeper");
    assert.deepEqual(rig.runsOf("Keeper").missingOf([100, 101, 102, 103, 104, 200, 201, 202, 203, 204]), []);
    assert.ok(rig.counts("Keeper").groupsRecreated >= 1, "counted");
    assert.ok(rig.lines(/group had vanished/, "error").length >= 1, "logged at error");
  } finally {
    await rig.engine.stop();
  }
}

test("FLUSHALL under a waiting reader: the group is made again at 0", () =>
  isMadeAgain({ stream: "flushed", lose: (transaction) => transaction.flushall() }));

test("DEL of the stream under a waiting reader: the group is made again at 0", () =>
  isMadeAgain({ stream: "deleted", lose: (transaction) => transaction.del("deleted") }));

test("XGROUP DESTROY under a waiting reader: the group is made again at 0", () =>
  isMadeAgain({
    stream: "destroyed",
    lose: (transaction) => transaction.xgroup("DESTROY", "destroyed", "shop.Keeper"),
  }));

test("SCRIPT FLUSH every 100 ms under load: nobody notices", async () => {
  await redis.config("RESETSTAT");
  const rig = await startRig({
    url: server.url,
    handlers: [{ name: "Keeper", stream: "scripts", handle: async () => delay(2) }],
  });
  const load = startLoad(server.url, "scripts");
  let flushes = 0;
  try {
    while (flushes < 25) {
      await redis.script("FLUSH");
      flushes += 1;
      await delay(100);
    }
    const acknowledged = await load.stop();
    await drained(redis, "scripts", "shop.Keeper");
    assert.match(
      await infoOf(redis, "errorstats", "errorstat_NOSCRIPT"),
      /count=[1-9]\d/,
      "the server did forget scripts",
    );
    assert.deepEqual(rig.runsOf("Keeper").missingOf(acknowledged), []);
    assert.deepEqual(rig.runsOf("Keeper").repeated, []);
    const troubles = rig.log.filter(({ level }) => level !== "debug" && level !== "info");
    assert.deepEqual(troubles, []);
  } finally {
    await load.stop();
    await rig.engine.stop();
  }
});

test("something else under the stream's name: it backs off without spinning, and goes on once that is gone", async () => {
  const rig = await startRig({ url: server.url, handlers: [{ name: "Keeper", stream: "usurped" }] });
  try {
    await append(redis, "usurped", 0, 5);
    await until("the first are handled", () => rig.runsOf("Keeper").distinct === 5);
    await redis.set("usurped", "not a stream");
    await until("it is noticed", () => rig.engine.status().subscriptions[0]?.status === "disconnected");
    const earlier = rig.log.length;
    const commandsBefore = Number(await infoOf(redis, "stats", "total_commands_processed"));
    await delay(3000);
    const lines = rig.log.length - earlier;
    const commands = Number(await infoOf(redis, "stats", "total_commands_processed")) - commandsBefore;
    assert.ok(lines < 30, `${lines} lines in three seconds`);
    assert.ok(commands < 300, `${commands} commands in three seconds`);
    assert.ok(rig.lines(/WRONGTYPE|reading failed/).length > 0);
    await redis.del("usurped");
    await append(redis, "usurped", 100, 5);
    await until("those after are handled", () => rig.runsOf("Keeper").distinct === 10);
    await until("it is well again", () => rig.engine.status().subscriptions[0]?.status === "ok");
  } finally {
    await rig.engine.stop();
  }
});

test("something else under the dead-letter stream's name: nothing is acked without its dead letter, and all arrive once it is gone", async () => {
  const dlq = "{wrong}:dlq:shop.Keeper";
  await redis.set(dlq, "not a stream");
  const rig = await startRig({
    url: server.url,
    handlers: [
      {
        name: "Keeper",
        stream: "wrong",
        handle({ n }) {
          if (n % 2 === 0) throw new PermanentError("no");
        },
      },
    ],
  });
  try {
    await append(redis, "wrong", 0, 20);
    await until(
      "the good ones are acked",
      async () => (await pendingOf(redis, "wrong", "shop.Keeper")) === 10 && rig.runsOf("Keeper").distinct === 20,
    );
    await until("a dead letter was refused", () => rig.lines(/dead-lettering failed/, "warn").length > 3);
    assert.equal(await pendingOf(redis, "wrong", "shop.Keeper"), 10);
    await redis.del(dlq);
    await drained(redis, "wrong", "shop.Keeper");
    const letters = await deadLetters(redis, "wrong", "shop.Keeper");
    assert.deepEqual(
      letters.map(({ n }) => n).toSorted((a, b) => Number(a) - Number(b)),
      [0, 2, 4, 6, 8, 10, 12, 14, 16, 18],
    );
    assert.deepEqual(rig.runsOf("Keeper").repeated, [], "no handler ran again for it");
  } finally {
    await rig.engine.stop();
  }
});

test("a third party deletes pending entries: exactly those get a dead letter that says so, and no pending is left behind", async () => {
  const [stream, group] = ["trimmed", "shop.Keeper"];
  await redis.xgroup("CREATE", stream, group, "0", "MKSTREAM");
  const ids = await append(redis, stream, 0, 10);
  await redis.xreadgroup("GROUP", group, "lost", "COUNT", 10, "STREAMS", stream, ">");
  const deleted = [ids[2], ids[5], ids[9]].filter((id) => id !== undefined);
  await redis.xdel(stream, ...deleted);
  assert.equal(await pendingOf(redis, stream, group), 10, "the server still lists them as pending");
  const rig = await startRig({ url: server.url, handlers: [{ name: "Keeper", stream, config: { claimIdleMs: 500 } }] });
  try {
    await drained(redis, stream, group);
    const letters = await deadLetters(redis, stream, group);
    assert.deepEqual(new Set(letters.map(({ failure }) => failure["entryId"])), new Set(deleted));
    assert.equal(letters.length, deleted.length);
    for (const { failure, fields } of letters) {
      assert.equal(failure.reason, "missing");
      assert.deepEqual(fields, []);
    }
    assert.deepEqual(rig.runsOf("Keeper").missingOf([0, 1, 3, 4, 6, 7, 8]), []);
    assert.equal(rig.runsOf("Keeper").distinct, 7);
    await until("they are counted", () => rig.counts("Keeper").missing === 3);
  } finally {
    await rig.engine.stop();
  }
});

test("an entry deleted while its handler runs is finished or dead-lettered, never dropped without a trace", async () => {
  const [stream, group] = ["deleted-in-hand", "shop.Keeper"];
  let isOpen = false;
  const rig = await startRig({
    url: server.url,
    handlers: [
      {
        name: "Keeper",
        stream,
        config: { claimIdleMs: 300 },
        async handle({ n }, { signal }) {
          await until("the gate opens", () => isOpen || signal.aborted, { everyMs: 5 });
          signal.throwIfAborted();
          if (n === 1) throw new PermanentError("no");
        },
      },
    ],
  });
  try {
    const ids = await append(redis, stream, 0, 3);
    await until("all are in hand", () => rig.runsOf("Keeper").distinct === 3);
    await redis.xdel(stream, ...ids.slice(0, 2));
    // Several renewals of the lease.
    await delay(700);
    isOpen = true;
    await drained(redis, stream, group);
    const letters = await deadLetters(redis, stream, group);
    const accounted = rig.counts("Keeper").succeeded + letters.length;
    assert.ok(accounted >= 3, `${JSON.stringify(rig.counts("Keeper"))}, ${letters.length} dead letters`);
    assert.ok(
      letters.some(({ failure }) => failure["entryId"] === ids[1]),
      "the failed one left a dead letter",
    );
  } finally {
    await rig.engine.stop();
  }
});
