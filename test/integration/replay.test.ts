import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Redis } from "ioredis";
import { PermanentError } from "../../src/index.ts";
import { startRig, type Rig } from "../support/engine-rig.ts";
import { runCli } from "../support/operator-cli.ts";
import { startRedis, type RedisServer } from "../support/redis-server.ts";
import { append, deadLetters, drained, openControl, type DeadLetterEntry } from "../support/stream-facts.ts";
import { until } from "../support/until.ts";

const COUNT = 50;
const NUMBERS = Array.from({ length: COUNT }, (_, n) => n);

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

interface Scene {
  readonly rig: Rig;
  readonly ids: readonly string[];
  fix(): void;
}

/** Three handlers of a stream, of which the second fails everything, for good or after retries. */
async function broken(stream: string): Promise<Scene> {
  let isBroken = true;
  const rig = await startRig({
    url: server.url,
    handlers: [
      { name: "First", stream },
      {
        name: "Second",
        stream,
        config: { maxRetries: 1 },
        handle({ n }) {
          if (!isBroken) return;
          throw n % 2 === 0 ? new PermanentError(`${n} will never do`) : new TypeError(`${n} is of the wrong kind`);
        },
      },
      { name: "Third", stream },
    ],
  });
  const ids = await append(redis, stream, 0, COUNT);
  for (const name of ["First", "Second", "Third"]) await drained(redis, stream, `shop.${name}`);
  assert.equal(await redis.xlen(`{${stream}}:dlq:shop.Second`), COUNT);
  return { rig, ids, fix: () => (isBroken = false) };
}

async function replayDone(stream: string): Promise<void> {
  await until("the replayed are settled", async () => (await redis.xlen(`{${stream}}:replay:shop.Second`)) === 0);
}

test("engine dlq replay after a fix: only the handler that failed runs again, each message once", async () => {
  const stream = "fixed";
  const { rig, fix } = await broken(stream);
  const options = { url: server.url, handlers: ["First", "Second", "Third"], stream };
  try {
    fix();
    const earlier = rig.runsOf("Second").all.length;
    const args = ["dlq", "replay", "--domain=./app.ts", "--subscription=Second"];
    const dry = await runCli([...args, "--all", "--dry-run"], options);
    assert.equal(dry.code, 0, dry.stderr);
    assert.match(dry.stdout, /50 dead letters would be replayed/);
    assert.equal(await redis.xlen(`{${stream}}:dlq:shop.Second`), COUNT, "a dry run moves nothing");
    assert.equal(rig.runsOf("Second").all.length, earlier);

    const letters = await deadLetters(redis, stream, "shop.Second");
    const oldest = letters.filter(({ failure }) => failure.error["name"] === "TypeError").slice(0, 5);
    const filtered = await runCli([...args, "--error=TypeError", "--limit=5", "--yes", "--json"], options);
    assert.equal(filtered.code, 0, filtered.stderr);
    assert.equal((JSON.parse(filtered.stdout) as { replayed: number }).replayed, 5);
    await until("five ran", () => rig.runsOf("Second").all.length === earlier + 5);
    assert.deepEqual(
      new Set(
        rig
          .runsOf("Second")
          .all.slice(earlier)
          .map(({ n }) => n),
      ),
      new Set(oldest.map(({ n }) => n)),
    );

    const startedMs = performance.now();
    const rest = await runCli([...args, "--all", "--rate=40", "--yes"], options);
    assert.equal(rest.code, 0, rest.stderr);
    assert.match(rest.stdout, /replayed 45 dead letters/);
    assert.ok(performance.now() - startedMs > 900, "the rate was kept: 45 at 40 a second");
    const audit = rest.stderr.split("\n").filter((line) => line.includes('"phase":"finished"'));
    assert.equal(audit.length, 1);
    assert.match(audit[0] ?? "", /"action":"dlq.replay".*"moved":45/);

    await until("all have run", () => rig.runsOf("Second").all.length === earlier + COUNT);
    await replayDone(stream);
    assert.equal(await redis.xlen(`{${stream}}:dlq:shop.Second`), 0);
    const again = rig
      .runsOf("Second")
      .all.slice(earlier)
      .map(({ n }) => n)
      .toSorted((a, b) => a - b);
    assert.deepEqual(again, NUMBERS, "each message once");
    for (const name of ["First", "Third"])
      assert.equal(rig.runsOf(name).all.length, COUNT, `${name} saw nothing of it`);
  } finally {
    await rig.engine.stop();
  }
});

test("a replayed message that fails again remembers its replays and the original entry", async () => {
  const stream = "stubborn";
  const { rig, ids } = await broken(stream);
  const address = { stream, group: "shop.Second" };
  const { deadLetters: letters } = rig.engine.broker;
  try {
    const [first] = await deadLetters(redis, stream, "shop.Second");
    assert.ok(first);
    let id = first.id;
    const nextAfter = async (known: string): Promise<DeadLetterEntry | undefined> =>
      (await deadLetters(redis, stream, "shop.Second")).find((letter) => letter.n === first.n && letter.id !== known);
    for (const replays of [1, 2]) {
      assert.equal(await letters.replay(address, id), "replayed");
      assert.equal(await letters.replay(address, id), "not_found", "the second one finds nothing");
      const again: DeadLetterEntry = await until("it is dead-lettered again", () => nextAfter(id));
      assert.equal(again.failure["replays"], replays);
      assert.equal(again.failure["replayOf"], id);
      assert.equal(again.failure["stream"], stream);
      assert.equal(again.failure["entryId"], ids[Number(first.n)]);
      assert.deepEqual(again.fields, first.fields, "the original's fields and no others");
      assert.equal(again.failure["fingerprint"], first.failure["fingerprint"]);
      id = again.id;
    }
    assert.equal(await redis.xlen(`{${stream}}:dlq:shop.Second`), COUNT, "none more, none less");
    assert.equal(rig.runsOf("First").all.length, COUNT);
  } finally {
    await rig.engine.stop();
  }
});

test("replaying while nobody consumes loses nothing: the next start handles it", async () => {
  const stream = "later";
  const { rig, ids } = await broken(stream);
  assert.equal(ids.length, COUNT);
  await rig.engine.stop();
  const options = { url: server.url, handlers: ["Second"], stream };
  const moved = await runCli(["dlq", "replay", "--all", "--yes", `--stream=${stream}`], options);
  assert.equal(moved.code, 0, moved.stderr);
  assert.equal(await redis.xlen(`{${stream}}:replay:shop.Second`), COUNT);
  const next = await startRig({ url: server.url, handlers: [{ name: "Second", stream }] });
  try {
    await until("all have run", () => next.runsOf("Second").distinct === COUNT);
    await replayDone(stream);
    assert.deepEqual(next.runsOf("Second").repeated, []);
  } finally {
    await next.engine.stop();
  }
});
