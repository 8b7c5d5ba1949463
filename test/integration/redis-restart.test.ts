import assert from "node:assert/strict";
import { test } from "node:test";
import { startRig } from "../support/engine-rig.ts";
import { startRedis } from "../support/redis-server.ts";
import { append, drained, infoOf, numbersIn, openControl, startLoad } from "../support/stream-facts.ts";
import { until } from "../support/until.ts";

const GROUP = "shop.Keeper";
const handlers = [{ name: "Keeper", stream: "note" }];

test("kill -9 and restart of Redis under load: the engine goes on by itself, and loses nothing that Redis still had", async (t) => {
  const server = await startRedis({ appendonly: true });
  t.after(() => server.stop());
  const redis = openControl(server.url);
  t.after(() => redis.disconnect());
  const rig = await startRig({ url: server.url, handlers });
  const load = startLoad(server.url, "note");
  try {
    const runIds = new Set<string>();
    for (let round = 1; round <= 2; round += 1) {
      runIds.add(await infoOf(redis, "server", "run_id"));
      const earlier = rig.runsOf("Keeper").distinct;
      await until("the load flows", () => rig.runsOf("Keeper").distinct > earlier + 100);
      await server.kill9();
      await until(
        "the engine has seen the outage",
        () => rig.engine.status().subscriptions[0]?.status === "disconnected",
      );
      await server.restart();
      await until("it reads again", () => rig.engine.status().subscriptions[0]?.status === "ok");
    }
    runIds.add(await infoOf(redis, "server", "run_id"));
    assert.equal(runIds.size, 3, "the server was started three times");
    const acknowledged = await load.stop();
    assert.ok(load.refused > 0, "the outage was felt by the producer");
    await drained(redis, "note", GROUP);
    const runs = rig.runsOf("Keeper");
    assert.deepEqual(runs.missingOf(acknowledged), []);
    assert.deepEqual(runs.missingOf(await numbersIn(redis, "note")), []);
    assert.deepEqual(runs.repeated, [], "what this process held was not run a second time");
  } finally {
    await load.stop();
    await rig.engine.stop();
  }
});

test("a Redis that comes back empty: the groups are made again, and what is published from then on is handled", async (t) => {
  const server = await startRedis();
  t.after(() => server.stop());
  const redis = openControl(server.url);
  t.after(() => redis.disconnect());
  const rig = await startRig({ url: server.url, handlers });
  try {
    await append(redis, "note", 0, 10);
    await until("the first are handled", () => rig.runsOf("Keeper").distinct === 10);
    await server.kill9();
    await server.restart();
    await append(redis, "note", 100, 10);
    await until("the later ones are handled", () => rig.runsOf("Keeper").distinct === 20);
    assert.ok(rig.counts("Keeper").groupsRecreated >= 1);
    await drained(redis, "note", GROUP);
  } finally {
    await rig.engine.stop();
  }
});

test("a Redis that answers LOADING for a while after its restart is waited for", async (t) => {
  // A millisecond for each command that is loaded.
  const server = await startRedis({
    appendonly: true,
    args: ["--key-load-delay", "1000", "--loading-process-events-interval-bytes", "1024"],
  });
  t.after(() => server.stop());
  const redis = openControl(server.url);
  t.after(() => redis.disconnect());
  const rig = await startRig({ url: server.url, handlers });
  try {
    await append(redis, "note", 0, 800);
    await until("all are handled", () => rig.runsOf("Keeper").distinct === 800);
    await server.kill9();
    let loadingReplies = 0;
    const restarted = server.restart();
    let isUp = false;
    void restarted.then(() => (isUp = true));
    while (!isUp) {
      if (/LOADING/.test(await server.cli("PING").catch(String))) loadingReplies += 1;
    }
    await restarted;
    assert.ok(loadingReplies > 0, "the server answered LOADING");
    await append(redis, "note", 800, 10);
    await until("the later ones are handled", () => rig.runsOf("Keeper").distinct === 810);
    await drained(redis, "note", GROUP);
  } finally {
    await rig.engine.stop();
  }
});
