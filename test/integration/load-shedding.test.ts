/** Load shedding: an engine whose loop is late stops pulling, keeps every attempt, and goes on when it is better. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Redis } from "ioredis";
import { startRedis } from "../support/redis-server.ts";
import { startRig } from "../support/engine-rig.ts";
import { until } from "../support/until.ts";

function block(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

function valueOf(
  families: readonly { readonly name: string; readonly points: readonly object[] }[],
  name: string,
): number {
  const points = families.find((family) => family.name === name)?.points as {
    labels: { reason?: string };
    value: number;
  }[];
  return points.find(({ labels }) => labels.reason === "event_loop")?.value ?? -1;
}

test(
  "while the event loop is late nothing more is read than one message at a time, and afterwards all is done",
  { timeout: 120_000 },
  async () => {
    const server = await startRedis();
    const redis = new Redis(server.url);
    const gate = Promise.withResolvers<void>();
    const rig = await startRig({
      url: server.url,
      handlers: [{ name: "Keeper", stream: "note", handle: (event) => (event.n === 0 ? gate.promise : undefined) }],
      config: {
        server: {
          health: { enabled: true, port: 0 },
          load_shedding: { max_heap_ratio: 0, max_event_loop_delay_ms: 200 },
          defaults: { concurrency: 16 },
        },
      },
    });
    const add = (n: number): Promise<unknown> =>
      redis.xadd("note", "*", "type", "Noted", "data", JSON.stringify({ n }));
    const blocking = setInterval(() => block(400), 450);
    try {
      await until("it sheds", () => rig.engine.status().loadShedding?.some(({ isActive }) => isActive) === true);
      assert.equal(rig.lines(/nothing more is read/, "warn").length, 1);
      assert.deepEqual((await rig.health("/readyz")).body.checks, {
        ...(await rig.health("/readyz")).body.checks,
        load_shedding: ["event_loop"],
      });
      // Nothing was held: one message is let in; while it runs, no other.
      await add(0);
      await until("one message comes in all the same", () => rig.runsOf("Keeper").of(0) === 1);
      for (let n = 1; n <= 50; n += 1) await add(n);
      const looks = performance.now() + 3000;
      await until("time passes", () => performance.now() > looks);
      assert.equal(rig.runsOf("Keeper").all.length, 1, "in-flight work goes on, nothing is pulled");
      assert.equal(valueOf(rig.engine.metrics(), "engine.load_shedding.active"), 1);
      clearInterval(blocking);
      await until("it is over", () => rig.lines(/load shedding is over/).length === 1, { limitMs: 30_000 });
      await until("the others run", () => rig.runsOf("Keeper").distinct === 51);
      gate.resolve();
      await until("all are acked", async () => ((await redis.xpending("note", "shop.Keeper")) as [number])[0] === 0);
      assert.deepEqual(
        rig.runsOf("Keeper").all.filter(({ attempt }) => attempt !== 1),
        [],
      );
      assert.deepEqual(
        [
          valueOf(rig.engine.metrics(), "engine.load_shedding.active"),
          valueOf(rig.engine.metrics(), "engine.load_shedding.episodes"),
        ],
        [0, 1],
      );
    } finally {
      clearInterval(blocking);
      gate.resolve();
      await rig.engine.stop();
      redis.disconnect();
      await server.stop();
    }
  },
);

test(
  "a process that is over its memory limit for good still handles its messages, one at a time",
  { timeout: 60_000 },
  async () => {
    const server = await startRedis();
    const redis = new Redis(server.url);
    let running = 0;
    let most = 0;
    const rig = await startRig({
      url: server.url,
      handlers: [
        {
          name: "Keeper",
          stream: "note",
          async handle() {
            running += 1;
            most = Math.max(most, running);
            await new Promise((resolve) => setTimeout(resolve, 2));
            running -= 1;
          },
        },
      ],
      config: { server: { load_shedding: { max_rss_megabytes: 1 } } },
    });
    try {
      await until("it sheds", () => rig.engine.status().loadShedding?.some(({ isActive }) => isActive) === true);
      // The read that was under way when it began may bring a batch still.
      await redis.xadd("note", "*", "type", "Noted", "data", '{"n":-1}');
      await until(
        "that one is done",
        () => rig.runsOf("Keeper").of(-1) === 1 && rig.engine.status().subscriptions[0]?.held === 0,
      );
      for (let n = 0; n < 30; n += 1) await redis.xadd("note", "*", "type", "Noted", "data", JSON.stringify({ n }));
      await until("all are done", () => rig.runsOf("Keeper").distinct === 31);
      assert.equal(most, 1);
    } finally {
      await rig.engine.stop();
      redis.disconnect();
      await server.stop();
    }
  },
);
