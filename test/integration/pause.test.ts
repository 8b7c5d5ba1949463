/** Pause and resume, at run time, of the fleet or one process: real processes, the real command line, Redis. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Redis } from "ioredis";
import { createJobWorld, jobs, STREAM } from "../support/job-world.ts";
import { runCli } from "../support/operator-cli.ts";
import { reconcile } from "../support/oracle.ts";
import { startRedis } from "../support/redis-server.ts";
import { startRig, type Rig } from "../support/engine-rig.ts";
import { until } from "../support/until.ts";

const CONTROL = "{shop}:control";

async function untilPassed(ms: number): Promise<void> {
  const giveUpAt = performance.now() + ms;
  await until("time passes", () => performance.now() > giveUpAt);
}

test(
  "a pause of the fleet stops every process, outlives restarts, costs no attempt, and all is handled after it",
  { timeout: 120_000 },
  async () => {
    // The lease is far longer than the test may take: had anything to wait for it, the test would fail.
    const world = await createJobWorld({ settings: { claim_idle_ms: 600_000, concurrency: 4 } });
    try {
      const all = jobs(400, (n) => ({ does: "end", ms: 20, key: `key-${n % 20}` }));
      const workers = [world.start(), world.start()];
      await Promise.all(workers.map((worker) => worker.running()));
      await world.publish(all.slice(0, 300));
      await until("some ran", () => world.runs().length > 40, { everyMs: 5 });
      const cli = { url: world.server.url, handlers: ["Worker"], stream: STREAM };
      const paused = await runCli(["subscriptions", "pause", "Worker", "--domain=app", "--reason=repair"], cli);
      assert.equal(paused.code, 0, paused.stderr);
      await Promise.all(workers.map((worker) => worker.logged(/^paused: nothing is read/)));
      const isQuiet = (): boolean =>
        world.runs().filter(({ what }) => what === "start").length ===
        world.runs().filter(({ what }) => what === "end").length;
      await until("what runs has finished", isQuiet);
      const before = world.runs().length;
      await world.publish(all.slice(300));
      for (const worker of workers) worker.kill("SIGTERM");
      for (const worker of workers) assert.deepEqual(await worker.exited, { code: 0, signal: null });
      const successor = world.start();
      const health = await successor.running();
      await untilPassed(1500);
      assert.equal(world.runs().length, before, "nothing ran during the pause");
      const group = await world.redis.xinfo("GROUPS", STREAM);
      assert.ok(String(group).includes("shop.Worker"));
      const body = (await (await fetch(`${health}/readyz`)).json()) as {
        checks: { subscriptions: { details: { paused: { reason: string; by: string } | null }[] } };
      };
      assert.equal(body.checks.subscriptions.details[0]?.paused?.reason, "repair");
      assert.match(await (await fetch(`${health}/metrics`)).text(), /^engine_subscription_paused\{.*\} 1$/m);
      const shown = await runCli(["subscriptions", "--domain=app", "--json"], cli);
      const [row] = (JSON.parse(shown.stdout) as { subscriptions: { paused: boolean; pauses: { reason: string }[] }[] })
        .subscriptions;
      assert.deepEqual([row?.paused, row?.pauses[0]?.reason], [true, "repair"]);
      const idle = await runCli(["server", "--domain=app", "--until-idle"], cli);
      assert.equal(idle.code, 1);
      assert.match(idle.stderr, /not drained: paused: shop\.Worker/);

      const resumed = await runCli(["subscriptions", "resume", "Worker", "--domain=app"], cli);
      assert.equal(resumed.code, 0, resumed.stderr);
      const { repeated } = await reconcile({
        redis: world.redis,
        handler: "Worker",
        published: all.map(({ n }) => n),
        runs: world.runs,
        deadLettered: [],
      });
      assert.equal(repeated.size, 0, "no second run");
      assert.deepEqual(
        world.runs().filter(({ attempt }) => attempt !== 1),
        [],
        "no attempt counted",
      );
    } finally {
      await world.close();
    }
  },
);

async function startTwo(url: string): Promise<readonly [Rig, Rig]> {
  const handlers = [
    {
      name: "Keeper",
      stream: "note",
      config: { concurrency: 2, claimIdleMs: 600_000 },
      handle: () => new Promise((resolve) => setTimeout(resolve, 15)),
    },
  ];
  return [await startRig({ url, handlers }), await startRig({ url, handlers })];
}

test(
  "of two processes one is paused: the other takes over what it held, at once; after the resume both work",
  { timeout: 60_000 },
  async () => {
    const server = await startRedis();
    const redis = new Redis(server.url);
    const [one, two] = await startTwo(server.url);
    const add = (n: number): Promise<unknown> =>
      redis.xadd("note", "*", "type", "Noted", "data", JSON.stringify({ n }));
    const total = (): number => one.runsOf("Keeper").all.length + two.runsOf("Keeper").all.length;
    try {
      for (let n = 0; n < 100; n += 1) await add(n);
      await until("both work", () => one.runsOf("Keeper").all.length > 3 && two.runsOf("Keeper").all.length > 3, {
        everyMs: 2,
      });
      await one.engine.pause("Keeper", "by code");
      await until("what ran is done", () => one.engine.status().subscriptions[0]?.held === 0);
      assert.equal(one.engine.status().subscriptions[0]?.paused?.reason, "by code");
      assert.equal(two.engine.status().subscriptions[0]?.paused, null);
      const before = one.runsOf("Keeper").all.length;
      await until("the other did the rest", () => total() >= 100);
      await until(
        "nothing is pending",
        async () => ((await redis.xpending("note", "shop.Keeper")) as [number])[0] === 0,
      );
      assert.equal(one.runsOf("Keeper").all.length, before);
      assert.deepEqual(
        [...one.runsOf("Keeper").all, ...two.runsOf("Keeper").all].filter(({ attempt }) => attempt !== 1),
        [],
      );
      await one.engine.resume("Keeper");
      await two.engine.pause("Keeper");
      for (let n = 100; n < 120; n += 1) await add(n);
      await until("the first works again", () => one.runsOf("Keeper").all.length >= before + 20);
      assert.equal(total(), 120);
      await assert.rejects(one.engine.pause("Keper"), { code: "ENGINE_SUBSCRIPTION_UNKNOWN" });
    } finally {
      await Promise.all([one.engine.stop(), two.engine.stop()]);
      redis.disconnect();
      await server.stop();
    }
  },
);

test(
  "an order for one process reaches that one alone, and goes with it; a field set by hand pauses too",
  { timeout: 60_000 },
  async () => {
    const server = await startRedis();
    const redis = new Redis(server.url);
    const [one, two] = await startTwo(server.url);
    const paused = (rig: Rig): boolean => rig.engine.status().subscriptions[0]?.paused !== null;
    try {
      const consumers = async (): Promise<string[]> =>
        ((await redis.xinfo("CONSUMERS", "note", "shop.Keeper")) as string[][]).map((each) => each[1] ?? "");
      for (let n = 0; n < 40; n += 1) await redis.xadd("note", "*", "type", "Noted", "data", JSON.stringify({ n }));
      await until("both have worked", async () => (await consumers()).length === 2);
      await redis.hset(CONTROL, `shop.Keeper@${(await consumers())[0]}`, '{"by":"a","at":"b","reason":null}');
      await until("one of them is paused", () => paused(one) !== paused(two));
      const first = paused(one) ? one : two;
      await first.engine.stop();
      assert.deepEqual(await redis.hgetall(CONTROL), {});
      await redis.hset(CONTROL, "shop.Keeper", "1");
      const other = first === one ? two : one;
      await until("the other is paused", () => paused(other));
      await redis.del(CONTROL);
      await until("it reads again", () => !paused(other));
    } finally {
      await Promise.all([one.engine.stop(), two.engine.stop()]);
      redis.disconnect();
      await server.stop();
    }
  },
);

test(
  "asking for pauses costs one command every two seconds, however many subscriptions there are",
  { timeout: 60_000 },
  async () => {
    const server = await startRedis();
    const redis = new Redis(server.url);
    const handlers = Array.from({ length: 10 }, (_, index) => ({ name: `H${index}`, stream: `s${index}` }));
    const rig = await startRig({
      url: server.url,
      handlers,
      config: { server: { defaults: { blocking_timeout_ms: 5000 } } },
    });
    try {
      const calls = async (): Promise<number> =>
        Number(/cmdstat_hgetall:calls=(\d+)/.exec(await redis.info("commandstats"))?.[1] ?? 0);
      const atStart = await calls();
      await untilPassed(6000);
      const asked = (await calls()) - atStart;
      assert.ok(asked >= 2 && asked <= 4, `${asked} in 6 s`);
    } finally {
      await rig.engine.stop();
      redis.disconnect();
      await server.stop();
    }
  },
);
