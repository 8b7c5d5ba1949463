import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import type { Redis } from "ioredis";
import { startRig } from "../support/engine-rig.ts";
import { startRedis, type RedisServer } from "../support/redis-server.ts";
import { startTcpProxy, type TcpProxy } from "../support/tcp-proxy.ts";
import { append, drained, openControl, pendingOf, startLoad } from "../support/stream-facts.ts";
import { until } from "../support/until.ts";

let server: RedisServer;
let redis: Redis;
let proxy: TcpProxy;
let proxied: string;

before(async () => {
  server = await startRedis();
  redis = openControl(server.url);
  proxy = await startTcpProxy(server.port);
  proxied = `redis://127.0.0.1:${proxy.port}`;
});
after(async () => {
  redis.disconnect();
  await proxy.close();
  await server.stop();
});

/** Everything acknowledged is handled, and nothing that had been finished a second time; `cut` says how many it cut. */
async function survivesCuts(url: string, stream: string, cut: () => Promise<number>): Promise<void> {
  const handlers = ["First", "Second"].map((name) => ({ name, stream, handle: () => delay(3) }));
  const rig = await startRig({ url, handlers });
  const load = startLoad(server.url, stream);
  try {
    let cuts = 0;
    for (let round = 0; round < 10; round += 1) {
      await delay(300);
      cuts += await cut();
    }
    assert.ok(cuts >= 15, `${cuts} connections were cut`);
    await load.stop();
    // Readers that got stuck would never see these.
    await append(redis, stream, 1_000_000, 20);
    for (const name of ["First", "Second"]) {
      await drained(redis, stream, `shop.${name}`);
      const runs = rig.runsOf(name);
      await until("the last are handled", () => runs.of(1_000_019) === 1);
      assert.deepEqual(runs.missingOf(load.acknowledged), []);
      assert.deepEqual(runs.repeated, [], "a message that this process holds, or has finished, is not run again");
    }
    assert.ok(
      rig.log.some(({ msg }) => /reading failed|ack failed/.test(msg)),
      "the engine felt it",
    );
  } finally {
    await load.stop();
    await rig.engine.stop();
  }
}

test("CLIENT KILL TYPE normal every 300 ms under load: nothing is lost, nothing finished runs again, no reader is stuck", () =>
  survivesCuts(server.url, "killed", async () =>
    Number(await redis.call("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")),
  ));

test("connections reset by the network every 300 ms under load: nothing is lost, nothing finished runs again", () =>
  survivesCuts(proxied, "reset", () => Promise.resolve(proxy.resetAll())));

test("a half-open reader connection is replaced, and what was delivered into it is handled without waiting for the lease", async () => {
  const [stream, group] = ["half-open", "shop.Keeper"];
  const rig = await startRig({
    url: proxied,
    handlers: [{ name: "Keeper", stream, config: { blockingTimeoutMs: 1000, claimIdleMs: 600_000 } }],
  });
  try {
    await append(redis, stream, 0, 5);
    await until("the first are handled", () => rig.runsOf("Keeper").distinct === 5);
    await until("the reader waits on the server", async () =>
      /engine:reader[^\n]*flags=[^ ]*b/.test(String(await redis.client("LIST"))),
    );
    assert.equal(
      proxy.pause(({ hello }) => hello.includes("engine:reader")),
      1,
    );
    await append(redis, stream, 100, 5);
    assert.ok(
      (await pendingOf(redis, stream, group)) >= 1,
      "the server delivered into the connection that nobody hears",
    );
    assert.equal(rig.runsOf("Keeper").distinct, 5, "nothing came through");
    await until("those are handled", () => rig.runsOf("Keeper").distinct === 10);
    assert.ok(rig.counts("Keeper").readerRestarts >= 1, "the watchdog replaced the connection");
    assert.equal(rig.counts("Keeper").claimed, 0);
    await drained(redis, stream, group);
    assert.deepEqual(rig.runsOf("Keeper").repeated, []);
    proxy.resume();
    await append(redis, stream, 200, 5);
    await until("it reads on", () => rig.runsOf("Keeper").distinct === 15);
  } finally {
    proxy.resume();
    await rig.engine.stop();
  }
});

test("answers that come late: acks are not lost, and nothing runs twice", async () => {
  const [stream, group] = ["late", "shop.Keeper"];
  const rig = await startRig({ url: proxied, handlers: [{ name: "Keeper", stream }] });
  const load = startLoad(server.url, stream);
  try {
    await until("the load flows", () => rig.runsOf("Keeper").distinct > 50);
    for (let round = 0; round < 3; round += 1) {
      assert.ok(proxy.pauseDown() >= 2);
      await delay(200);
      const earlier = rig.runsOf("Keeper").all.length;
      await delay(200);
      assert.equal(rig.runsOf("Keeper").all.length, earlier, "no answer came through");
      proxy.resume();
      await until("it goes on", () => rig.runsOf("Keeper").all.length > earlier + 20);
    }
    const acknowledged = await load.stop();
    await drained(redis, stream, group);
    assert.deepEqual(rig.runsOf("Keeper").missingOf(acknowledged), []);
    assert.deepEqual(rig.runsOf("Keeper").repeated, []);
  } finally {
    proxy.resume();
    await load.stop();
    await rig.engine.stop();
  }
});
