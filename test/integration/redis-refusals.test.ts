import assert from "node:assert/strict";
import { mkdtempSync, rmdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import type { Redis } from "ioredis";
import { PermanentError } from "../../src/index.ts";
import { compareEntryIds } from "../../src/message/entry-id.ts";
import { startRig, type Rig } from "../support/engine-rig.ts";
import { startRedis, type RedisServer } from "../support/redis-server.ts";
import { append, deadLetters, drained, infoOf, openControl, pendingOf, startLoad } from "../support/stream-facts.ts";
import { until } from "../support/until.ts";

let server: RedisServer;
let redis: Redis;

before(async () => {
  server = await startRedis({ args: ["--enable-protected-configs", "yes"] });
  redis = openControl(server.url);
});
after(async () => {
  redis.disconnect();
  await server.stop();
});

const withHealth = { server: { health: { enabled: true, port: 0 } } };

/** While writes are refused, readiness says so; afterwards everything that was acknowledged is handled. */
async function survives(fault: {
  readonly stream: string;
  readonly refusal: RegExp;
  begin(): Promise<unknown>;
  end(): Promise<unknown>;
}): Promise<void> {
  const rig = await startRig({
    url: server.url,
    handlers: [{ name: "Keeper", stream: fault.stream }],
    config: withHealth,
  });
  const load = startLoad(server.url, fault.stream);
  try {
    await until("the load flows", () => rig.runsOf("Keeper").distinct > 50);
    await fault.begin();
    await until("writes are refused", async () =>
      fault.refusal.test(await redis.xadd(fault.stream, "*", "type", "Noted", "data", '{"n":-1}').then(String, String)),
    );
    const degraded = await until("it says degraded", async () => {
      const answer = await rig.health("/readyz");
      return answer.status === 503 ? answer.body : null;
    });
    assert.equal(degraded.status, "degraded");
    assert.equal((await rig.health("/livez")).status, 200);
    await delay(1000);
    await fault.end();
    await until("it is ready again", async () => (await rig.health("/readyz")).status === 200);
    const acknowledged = await load.stop();
    assert.ok(load.refused > 0);
    await drained(redis, fault.stream, "shop.Keeper");
    assert.deepEqual(rig.runsOf("Keeper").missingOf(acknowledged), []);
    assert.deepEqual(await deadLetters(redis, fault.stream, "shop.Keeper"), []);
  } finally {
    await fault.end();
    await load.stop();
    await rig.engine.stop();
  }
}

test("MISCONF after a failed save: nothing is lost, and it goes on by itself", async () => {
  const [, dir = ""] = (await redis.config("GET", "dir")) as string[];
  await survives({
    stream: "misconf",
    refusal: /MISCONF/,
    async begin() {
      const gone = mkdtempSync(join(tmpdir(), "engine-gone-"));
      await redis.config("SET", "dir", gone);
      rmdirSync(gone);
      await redis.config("SET", "save", "3600 1000000");
      await redis.bgsave();
      await until(
        "the save has failed",
        async () => (await infoOf(redis, "persistence", "rdb_last_bgsave_status")) === "err",
      );
    },
    async end() {
      await redis.config("SET", "dir", dir);
      await redis.config("SET", "save", "");
    },
  });
});

test("READONLY, as after a failover: nothing is lost, and it goes on by itself", () =>
  survives({
    stream: "readonly",
    refusal: /READONLY/,
    begin: () => redis.replicaof("127.0.0.1", 1),
    end: () => redis.replicaof("NO", "ONE"),
  }));

/** Every delivered message that fails for good is pending or has its dead letter, at every moment. */
async function assertKept(stream: string, failing: ReadonlyMap<string, number>): Promise<void> {
  const groups = (await redis.xinfo("GROUPS", stream)) as string[][];
  const delivered = groups[0]?.[groups[0].indexOf("last-delivered-id") + 1] ?? "0-0";
  // In this order: what has moved between the two looks is seen by the second. (A transaction would be refused, too.)
  const pending = (await redis.xpending(stream, "shop.Keeper", "-", "+", 1000)) as [string][];
  const buried = await redis.xrange(`{${stream}}:dlq:shop.Keeper`, "-", "+");
  const pendingIds = new Set(pending.map(([id]) => id));
  const buriedNumbers = new Set(buried.map(([, fields]) => (JSON.parse(fields[3] ?? "{}") as { n: number }).n));
  for (const [id, n] of failing) {
    if (compareEntryIds(id, delivered) > 0) continue;
    assert.ok(pendingIds.has(id) || buriedNumbers.has(n), `${n} was acked without a dead letter`);
  }
}

test("out of memory: consumption goes on, failures stay pending, nothing is acked without its dead letter", async () => {
  const stream = "full";
  let mayRun = false;
  const rig: Rig = await startRig({
    url: server.url,
    config: withHealth,
    handlers: [
      {
        name: "Keeper",
        stream,
        config: { maxRetries: 1, concurrency: 64 },
        async handle({ n }) {
          await until("the memory is full", () => mayRun, { everyMs: 5 });
          if (n % 10 === 0) throw new PermanentError(`number ${n} is not allowed`);
          if (n % 10 === 1) throw new Error(`number ${n} failed`);
        },
      },
    ],
  });
  try {
    const ids = await append(redis, stream, 0, 200);
    const failing = new Map(ids.map((id, n) => [id, n] as const).filter(([, n]) => n % 10 < 2));
    await until("messages are in hand", () => rig.runsOf("Keeper").all.length > 0);
    await redis.config("SET", "maxmemory", "1mb");
    await assert.rejects(redis.xadd(stream, "*", "type", "Noted", "data", "{}"), /^ReplyError: OOM/);
    mayRun = true;

    await until("all the good ones are acked", async () => {
      await assertKept(stream, failing);
      return (await pendingOf(redis, stream, "shop.Keeper")) === failing.size && rig.runsOf("Keeper").distinct === 200;
    });
    assert.equal(await redis.xlen(`{${stream}}:dlq:shop.Keeper`), 0);
    const answer = await until("it says degraded", async () => {
      const { status, body } = await rig.health("/readyz");
      return status === 503 && body;
    });
    assert.match(answer.reason ?? "", /out of memory/i);
    await delay(1500);
    await assertKept(stream, failing);
    assert.equal(await pendingOf(redis, stream, "shop.Keeper"), failing.size);

    await redis.config("SET", "maxmemory", "0");
    await until("every failure has its dead letter", async () => {
      await assertKept(stream, failing);
      return (await redis.xlen(`{${stream}}:dlq:shop.Keeper`)) === failing.size;
    });
    await drained(redis, stream, "shop.Keeper");
    const letters = await deadLetters(redis, stream, "shop.Keeper");
    assert.deepEqual(
      letters.map(({ n }) => n).toSorted((a, b) => Number(a) - Number(b)),
      [...failing.values()],
    );
    for (const { n, failure } of letters) {
      assert.equal(failure.reason, Number(n) % 10 === 0 ? "permanent_error" : "retries_exhausted");
      assert.equal(failure["attempts"], Number(n) % 10 === 0 ? 1 : 2);
    }
    await until("it is ready again", async () => (await rig.health("/readyz")).status === 200);
  } finally {
    await redis.config("SET", "maxmemory", "0");
    await rig.engine.stop();
  }
});
