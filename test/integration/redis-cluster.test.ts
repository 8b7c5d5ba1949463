/** A cluster of real processes: streams all over it, a slot that moves under load, a primary that dies under load. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import type { Redis } from "ioredis";
import { pino } from "pino";
import { createRedisAdapter } from "../../src/adapters/redis/adapter.ts";
import type { RedisServer } from "../support/redis-server.ts";
import { startRig, type Rig } from "../support/engine-rig.ts";
import { startCluster, startClusterLoad, type RedisCluster } from "../support/redis-cluster.ts";
import { drained } from "../support/stream-facts.ts";
import { until } from "../support/until.ts";

let cluster: RedisCluster;
/** The driver's types of commands are the same for both. */
let control: Redis;

before(async () => {
  cluster = await startCluster({ hasReplica: true });
  control = cluster.control as unknown as Redis;
});
after(() => cluster.close());

function nodeAt(index: number): RedisServer {
  const node = cluster.nodes[index];
  if (node === undefined) throw new Error(`no node ${index}`);
  return node;
}

/** A stream on that node; each name once. */
async function streamOn(node: RedisServer, word: string): Promise<string> {
  for (let n = 0; ; n += 1) {
    if ((await cluster.ownerOf(`${word}-${n}`)) === node) return `${word}-${n}`;
  }
}

/** Everything safe is handled and acked. */
async function settled(rig: Rig, stream: string, safe: readonly number[]): Promise<void> {
  const runs = rig.runsOf("Keeper");
  await drained(control, stream, "shop.Keeper");
  await until("everything safe is handled", () => runs.missingOf(safe).length === 0, {
    state: () => runs.missingOf(safe),
  });
  assert.doesNotMatch(JSON.stringify(rig.log), /CROSSSLOT/);
}

test("streams on every node are consumed by one engine, and retries, dead letters and replays stay in their slots", async () => {
  const streams = await Promise.all([0, 1, 2].map((index) => streamOn(nodeAt(index), "spread")));
  const rig = await startRig({
    url: cluster.url,
    handlers: streams.map((stream, at) => ({
      name: `Keeper${at}`,
      stream,
      handle: ({ n }) => {
        if (n % 10 === 0) throw new Error("every tenth fails");
      },
    })),
  });
  try {
    for (const stream of streams) {
      for (let n = 0; n < 30; n += 1) await control.xadd(stream, "*", "type", "Noted", "data", JSON.stringify({ n }));
    }
    for (const [at, stream] of streams.entries()) {
      await drained(control, stream, `shop.Keeper${at}`);
      assert.equal(await control.xlen(`{${stream}}:dlq:shop.Keeper${at}`), 3);
      assert.equal(await control.hlen(`{${stream}}:history:shop.Keeper${at}`), 0);
    }
    await rig.engine.runMaintenance();
    assert.doesNotMatch(JSON.stringify(rig.log), /CROSSSLOT|MOVED/);
  } finally {
    await rig.engine.stop();
  }
});

test("entries for many streams are appended in one call, and their ids come in the order of the entries", async () => {
  const adapter = createRedisAdapter({
    name: "default",
    uri: cluster.url,
    maxConnections: 10,
    log: pino({ level: "silent" }),
  });
  const { broker } = adapter;
  try {
    await broker.connect(10_000, AbortSignal.timeout(10_000));
    const streams = await Promise.all([0, 1, 2].map((index) => streamOn(nodeAt(index), "mixed")));
    const entries = Array.from({ length: 60 }, (_, n) => ({ stream: streams[n % 3] ?? "", fields: ["n", `${n}`] }));
    const ids = await broker.append(entries);
    assert.equal(ids.length, 60);
    for (const stream of streams) {
      const expected = entries.flatMap((entry, at) => (entry.stream === stream ? [[ids[at], [...entry.fields]]] : []));
      assert.deepEqual(await control.xrange(stream, "-", "+"), expected);
    }
    assert.deepEqual(await broker.probe(2000), { kind: "ok" });
  } finally {
    await broker.close();
  }
});

test("a waiting reader is woken on the node where it waits", async () => {
  const stream = await streamOn(nodeAt(2), "woken");
  const adapter = createRedisAdapter({
    name: "default",
    uri: cluster.url,
    maxConnections: 10,
    log: pino({ level: "silent" }),
  });
  try {
    await adapter.broker.connect(10_000, AbortSignal.timeout(10_000));
    const consumer = adapter.broker.createConsumer({ stream, group: "g", consumer: "woken-one", startFrom: "0" });
    await consumer.ensureGroups();
    const reading = consumer.read(10, 60_000);
    await until("it waits", async () =>
      /engine:reader:woken-one[^\n]*flags=[^ ]*b/.test(await nodeAt(2).cli("CLIENT", "LIST")),
    );
    await consumer.wake();
    assert.deepEqual(await reading, []);
    assert.match(await nodeAt(2).cli("CLIENT", "LIST"), /engine:reader:woken-one/, "its connection is kept");
    assert.equal(consumer.state.readerRestarts, 0);
    await consumer.close();
  } finally {
    await adapter.broker.close();
  }
});

test("the worker's rights and two more are enough on a cluster", async () => {
  const acl = readFileSync(new URL("../../deploy/redis/users.acl", import.meta.url), "utf8");
  const worker = acl.split("\n").find((line) => line.startsWith("user worker ")) ?? "";
  const rights = worker.split(" ").filter((word) => /^[-+]/.test(word));
  const everywhere = [...cluster.nodes, cluster.replica].filter((node) => node !== null);
  for (const node of everywhere) {
    await node.cli(
      "ACL",
      "SETUSER",
      "worker",
      "on",
      ">secret",
      "~*",
      "resetchannels",
      ...rights,
      "+cluster|slots",
      "+cluster|info",
    );
    await node.cli("ACL", "LOG", "RESET");
  }
  const streams = await Promise.all([0, 1, 2].map((index) => streamOn(nodeAt(index), "rights")));
  const handlers = streams.map((stream, at) => ({ name: `Keeper${at}`, stream }));
  const rig = await startRig({ url: cluster.url.replace("://", "://worker:secret@"), handlers });
  try {
    for (const [at, stream] of streams.entries()) {
      await control.xadd(stream, "*", "type", "Noted", "data", '{"n":1}');
      await drained(control, stream, `shop.Keeper${at}`);
    }
    await rig.engine.runMaintenance();
  } finally {
    await rig.engine.stop();
  }
  for (const node of everywhere) assert.equal(await node.cli("ACL", "LOG"), "");
});

test("a slot that moves under load, key by key: nothing is lost, and within 10 s of the move messages flow again", async () => {
  const [from, to] = [nodeAt(1), nodeAt(2)];
  const stream = await streamOn(from, "moving");
  const failed = new Set<number>();
  const rig = await startRig({
    url: cluster.url,
    handlers: [
      {
        name: "Keeper",
        stream,
        // Histories move too.
        handle: ({ n }) => {
          if (n % 20 !== 0 || failed.has(n)) return;
          failed.add(n);
          throw new Error("the first run of every twentieth fails");
        },
      },
    ],
  });
  const load = startClusterLoad(cluster, stream);
  try {
    const runs = rig.runsOf("Keeper");
    await until("the load flows", () => runs.distinct > 200);
    await cluster.migrate(stream, to, () => delay(100));
    const movedMs = performance.now();
    assert.equal(await cluster.ownerOf(stream), to);
    const earlier = runs.all.length;
    await until("it reads on", () => runs.all.length > earlier + 50, { state: () => rig.log.slice(-5) });
    const tookMs = performance.now() - movedMs;
    assert.ok(tookMs < 10_000, `recovered within 10 s of the move: ${tookMs} ms`);
    await settled(rig, stream, await load.stop());
    const again = runs.repeated.filter((n) => !failed.has(n));
    assert.deepEqual(again, [], "what this process held or had finished is not run again");
    assert.match(await to.cli("CLIENT", "LIST"), /engine:reader/);
    assert.doesNotMatch(await from.cli("CLIENT", "LIST"), /name=engine:reader/);
  } finally {
    await load.stop();
    await rig.engine.stop();
  }
});

test("a primary killed under load: its replica takes over, within 10 s messages flow again, and nothing it had is lost", async () => {
  const [dying, { replica }] = [nodeAt(0), cluster];
  assert.ok(replica);
  const stream = await streamOn(dying, "failing");
  const rig = await startRig({ url: cluster.url, handlers: [{ name: "Keeper", stream }] });
  let hasReplica = true;
  const load = startClusterLoad(cluster, stream, () => hasReplica);
  try {
    const runs = rig.runsOf("Keeper");
    await until("the load flows", () => runs.distinct > 200 && load.safe.length > 200);
    await dying.kill9();
    const killedMs = performance.now();
    // From here on what is appended has no second copy, and is not killed any more.
    await until("the replica is a primary", async () => (await replica.cli("ROLE")).startsWith("master"), {
      everyMs: 50,
    });
    hasReplica = false;
    const promotedMs = performance.now();
    const earlier = runs.all.length;
    await until("it reads on", () => runs.all.length > earlier + 50, { state: () => rig.log.slice(-5) });
    const tookMs = performance.now() - promotedMs;
    assert.ok(tookMs < 10_000, `recovered within 10 s of the promotion: ${tookMs} ms`);
    await settled(rig, stream, await load.stop());
    // An ack that had not reached the replica is gone with the primary.
    for (const n of runs.repeated) {
      assert.equal(runs.of(n), 2, `${n} ran ${runs.of(n)} times`);
      const first = runs.all.find((run) => run.n === n);
      assert.ok((first?.atMs ?? 0) > killedMs - 2000, `${n} had been finished long before`);
    }
  } finally {
    await load.stop();
    await rig.engine.stop();
  }
});

test("the probe asks every primary: one that freezes is named, and the broker is down", async () => {
  const adapter = createRedisAdapter({
    name: "default",
    uri: cluster.url,
    maxConnections: 10,
    log: pino({ level: "silent" }),
  });
  try {
    await adapter.broker.connect(10_000, AbortSignal.timeout(10_000));
    const probe = (): Promise<unknown> => adapter.broker.probe(2000);
    const isWell = async (): Promise<boolean> => ((await probe()) as { kind: string }).kind === "ok";
    await until("all is well", isWell, { limitMs: 20_000, state: probe });
    nodeAt(1).pause();
    const status = await adapter.broker.probe(300);
    assert.equal(status.kind, "down");
    assert.match("reason" in status ? status.reason : "", new RegExp(`127\\.0\\.0\\.1:${nodeAt(1).port}: `));
    nodeAt(1).resume();
    await until("all is well again", isWell, { limitMs: 20_000, state: probe });
  } finally {
    nodeAt(1).resume();
    await adapter.broker.close();
  }
});
