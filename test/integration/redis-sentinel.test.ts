/** A primary that dies under load, and the replica that the sentinels make primary in its place. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { Redis } from "ioredis";
import { EngineError } from "../../src/errors.ts";
import { createRig, startRig } from "../support/engine-rig.ts";
import { startSentinels, type SentinelSet } from "../support/redis-sentinel.ts";
import { append, drained } from "../support/stream-facts.ts";
import { until } from "../support/until.ts";

const STREAM = "note";
let set: SentinelSet;
let control: Redis;

before(async () => {
  set = await startSentinels();
  control = new Redis({
    sentinels: set.sentinels.map((address) => ({ ...address })),
    name: set.name,
    maxRetriesPerRequest: null,
    commandTimeout: 2000,
    sentinelRetryStrategy: () => 50,
    retryStrategy: () => 50,
  });
  control.on("error", () => undefined);
});
after(async () => {
  control.disconnect();
  await set.close();
});

/** Appends numbers one by one, never one twice; `safe` are those that the replica has said to have, too. */
function startSafeLoad(): { stop(): Promise<number[]>; readonly safe: number[] } {
  const client = new Redis({
    sentinels: set.sentinels.map((address) => ({ ...address })),
    name: set.name,
    maxRetriesPerRequest: 0,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    commandTimeout: 1000,
    sentinelRetryStrategy: () => 50,
    retryStrategy: () => 50,
  });
  client.on("error", () => undefined);
  const safe: number[] = [];
  let isStopping = false;
  async function run(): Promise<void> {
    for (let n = 0; !isStopping; n += 1) {
      try {
        await client.xadd(STREAM, "*", "type", "Noted", "data", JSON.stringify({ n }));
        const [role] = (await client.call("ROLE")) as [string, number, unknown[]];
        const isAlone = client.stream.remotePort === set.replica.port;
        if (role === "master" && (isAlone || (await client.wait(1, 500)) === 1)) safe.push(n);
      } catch {
        // Not safe: it may be lost, and nobody was promised anything.
        await delay(10);
      }
      await delay(2);
    }
  }
  const running = run();
  return {
    safe,
    async stop() {
      isStopping = true;
      await running;
      client.disconnect();
      return safe;
    },
  };
}

test("a primary killed under load: within 10 s of the promotion messages flow again, and nothing that the replica had is lost", async () => {
  const rig = await startRig({
    url: set.url,
    handlers: ["First", "Second"].map((name) => ({ name, stream: STREAM })),
  });
  const load = startSafeLoad();
  try {
    await until("the load flows", () => rig.runsOf("First").distinct > 200 && rig.runsOf("Second").distinct > 200);
    assert.equal(await set.primaryPort(), set.primary.port);
    await set.primary.kill9();
    const killedMs = performance.now();
    await set.promoted(set.replica.port);
    const promotedMs = performance.now();
    const earlier = ["First", "Second"].map((name) => rig.runsOf(name).all.length);
    await until(
      "both read on",
      () => ["First", "Second"].every((name, at) => rig.runsOf(name).all.length > (earlier[at] ?? 0) + 20),
      {
        state: () => rig.log.slice(-5),
      },
    );
    const tookMs = performance.now() - promotedMs;
    assert.ok(tookMs < 10_000, `recovered within 10 s of the promotion: ${tookMs} ms`);
    const safe = await load.stop();
    assert.ok(safe.length > 200);
    for (const name of ["First", "Second"]) {
      await drained(control, STREAM, `shop.${name}`);
      const runs = rig.runsOf(name);
      await until("everything safe is handled", () => runs.missingOf(safe).length === 0, {
        state: () => runs.missingOf(safe),
      });
      // An ack that had not reached the replica is gone with the primary: those messages, and no others, run once more.
      for (const n of runs.repeated) {
        assert.equal(runs.of(n), 2, `${n} ran ${runs.of(n)} times`);
        const first = runs.all.find((run) => run.n === n);
        assert.ok((first?.atMs ?? 0) > killedMs - 2000, `${n} had been finished long before`);
      }
    }
  } finally {
    await load.stop();
    await rig.engine.stop();
  }
});

test("the old primary comes back as a replica: nobody reads from it, and nobody writes to it", async () => {
  await set.primary.restart();
  await until("it is a replica", async () => (await set.primary.cli("ROLE")).startsWith("slave"));
  const rig = await startRig({ url: set.url, handlers: [{ name: "Third", stream: "later" }] });
  try {
    await append(control, "later", 0, 20);
    await drained(control, "later", "shop.Third");
    assert.equal(rig.runsOf("Third").distinct, 20);
    assert.doesNotMatch(await set.primary.cli("CLIENT", "LIST"), /name=engine:/);
  } finally {
    await rig.engine.stop();
  }
});

test("a primary's name that the sentinels do not know is an error that says so", async () => {
  const url = set.url.replace(set.name, "unknown-primary");
  const rig = await createRig({
    url,
    handlers: [{ name: "Fourth", stream: "none" }],
    config: { server: { start_timeout_seconds: 60 } },
  });
  try {
    await assert.rejects(rig.engine.start(), (error) => {
      assert.ok(error instanceof EngineError);
      assert.match(error.message, /No such master with that name/);
      assert.match(error.hint ?? "", /behind the hosts/);
      return true;
    });
  } finally {
    await rig.engine.stop();
  }
});
