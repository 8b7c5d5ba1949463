/** A pause: nothing is read, what runs finishes, what waits goes back uncounted, and after it all goes on. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { PauseMark } from "../../../src/ports/control.ts";
import { createDeferred, type Deferred } from "../../../src/primitives/deferred.ts";
import { createMemoryAdapter } from "../../../src/adapters/memory/adapter.ts";
import { until } from "../../support/until.ts";
import { createWorld, GROUP, STREAM, type Handle, type World } from "./consume-world.ts";

const MARK: PauseMark = { by: "alice", at: "2026-01-02T03:04:05.678Z", reason: "repair" };

/** Handlers wait for their gate; attempts by key, in the order of their start. */
function gated(): {
  readonly runs: string[];
  readonly gates: Map<string, Deferred<void>>;
  readonly handle: Handle;
} {
  const runs: string[] = [];
  const gates = new Map<string, Deferred<void>>();
  return {
    runs,
    gates,
    async handle(event, { attempt }) {
      const id = String((event as { id?: unknown }).id);
      runs.push(`${id}#${attempt}`);
      await gates.get(id)?.promise;
    },
  };
}

async function pendingOf({ adapter }: World): Promise<number> {
  return (await adapter.admin.inspect({ stream: STREAM, group: GROUP })).pending ?? -1;
}

describe("a paused subscription", () => {
  it("that was paused before its start reads not a single entry, and all of them afterwards", async () => {
    const { runs, handle } = gated();
    const world = createWorld({ handle });
    await world.publish("a", "b", "c");
    await world.subscription.setPause(MARK);
    await world.start();
    await world.publish("d");
    // A read that was under way would have brought it by then: two blocking timeouts.
    const giveUpAt = performance.now() + 150;
    await until("time passes", () => performance.now() > giveUpAt);
    assert.deepEqual([runs, await pendingOf(world)], [[], 0]);
    assert.deepEqual(world.subscription.status().paused, MARK);
    assert.equal(world.subscription.status().status, "ok");
    await world.subscription.setPause(null);
    await until("all ran", () => runs.length === 4);
    assert.deepEqual(runs, ["a#1", "b#1", "c#1", "d#1"]);
    assert.equal(world.subscription.status().paused, null);
    await world.stop();
  });

  it("lets what runs finish and be acked, hands back what waits, and takes it up again in order, without an attempt", async () => {
    const { runs, gates, handle } = gated();
    const gate = createDeferred();
    gates.set("k", gate);
    const world = createWorld({ handle, settings: { concurrency: 2 } });
    await world.publish("k", "k", "k", "free");
    await world.start();
    await until("the first runs", () => runs.includes("k#1") && runs.includes("free#1"));
    await until("free is acked", async () => (await pendingOf(world)) === 3);
    await world.subscription.setPause(MARK);
    await until("only what runs is held", () => world.subscription.status().held === 1);
    assert.equal(await pendingOf(world), 3);
    gate.resolve();
    await until("it finished", () => world.subscription.isIdle);
    assert.equal(await pendingOf(world), 2);
    assert.equal(runs.length, 2);
    await world.subscription.setPause(null);
    await until("the rest ran", async () => (await pendingOf(world)) === 0);
    assert.deepEqual(
      runs.filter((run) => run.startsWith("k")),
      ["k#1", "k#1", "k#1"],
    );
    await world.stop();
  });

  it("hands what it held to another process, at once and uncounted", async () => {
    const adapter = createMemoryAdapter("default");
    const mine = gated();
    const gate = createDeferred();
    mine.gates.set("slow", gate);
    const world = createWorld({ handle: mine.handle, adapter, settings: { concurrency: 1 } });
    await world.publish("slow", "x", "y");
    await world.start();
    await until("it holds all", () => mine.runs.length === 1 && world.subscription.status().held === 1);
    await world.publish("z");
    await world.subscription.setPause(MARK);
    const other = adapter.broker.createConsumer({ stream: STREAM, group: GROUP, consumer: "other", startFrom: "0" });
    await other.ensureGroups();
    const claimed = await other.claim(10, 600_000);
    const read = await other.read(10, 0);
    const got = [...claimed.deliveries, ...read];
    assert.equal(got.length, 3);
    assert.deepEqual(
      got.map(({ history }) => history.crashes + history.failures),
      [0, 0, 0],
    );
    gate.resolve();
    await world.stop();
    await other.close();
  });

  it("hands a message that fails meanwhile back with its failure and its backoff", async () => {
    const gate = createDeferred();
    const attempts: number[] = [];
    const world = createWorld({
      settings: { retryDelaySeconds: 0, maxRetries: 5 },
      async handle(_event, { attempt }) {
        attempts.push(attempt);
        if (attempt > 1) return;
        await gate.promise;
        throw new Error("not today");
      },
    });
    await world.publish("a");
    await world.start();
    await until("it runs", () => attempts.length === 1);
    await world.subscription.setPause(MARK);
    gate.resolve();
    await until("it went back", () => world.subscription.isIdle);
    assert.deepEqual(attempts, [1]);
    assert.equal(await pendingOf(world), 1);
    await world.subscription.setPause(null);
    await until("it succeeded", async () => (await pendingOf(world)) === 0);
    assert.deepEqual(attempts, [1, 2]);
    await world.stop();
  });

  it("hands back what a read, a takeover or a recovery brings that was under way", async () => {
    const arrived = createDeferred();
    let isLate = true;
    const world = createWorld({
      handle: gated().handle,
      over: (real) => ({
        async read(count, blockMs) {
          const deliveries = await real.read(count, blockMs);
          if (isLate && deliveries.length > 0) {
            isLate = false;
            await arrived.promise;
          }
          return deliveries;
        },
      }),
    });
    await world.publish("a", "b");
    await world.start();
    await until("a read is under way with both", async () => (await pendingOf(world)) === 2);
    await world.subscription.setPause(MARK);
    arrived.resolve();
    await until("it was taken in and handed back", () => world.subscription.isIdle && world.log.has("paused"));
    const other = world.adapter.broker.createConsumer({
      stream: STREAM,
      group: GROUP,
      consumer: "other",
      startFrom: "0",
    });
    await other.ensureGroups();
    await until("another gets both", async () => (await other.claim(10, 600_000)).deliveries.length === 2, {
      limitMs: 5000,
    });
    await world.stop();
  });

  it("may be paused and resumed a hundred times in a row, and loses nothing", async () => {
    const done = new Map<string, number>();
    const world = createWorld({
      settings: { concurrency: 3 },
      async handle(event, { attempt }) {
        assert.equal(attempt, 1);
        const id = String((event as { id?: unknown }).id);
        await new Promise((resolve) => setTimeout(resolve, 1));
        done.set(id, (done.get(id) ?? 0) + 1);
      },
    });
    await world.start();
    const ids = Array.from({ length: 300 }, (_, index) => `m${index}`);
    const publishing = (async () => {
      for (let at = 0; at < ids.length; at += 10) {
        await world.publish(...ids.slice(at, at + 10));
        await new Promise((resolve) => setTimeout(resolve, 3));
      }
    })();
    for (let turn = 0; turn < 100; turn += 1) {
      const paused = world.subscription.setPause(MARK);
      if (turn % 2 === 0) await paused;
      const resumed = world.subscription.setPause(null);
      if (turn % 3 === 0) await resumed;
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    await publishing;
    await until("all are acked", async () => done.size === 300 && (await pendingOf(world)) === 0, {
      state: async () => [done.size, await pendingOf(world), world.subscription.status()],
    });
    assert.deepEqual(
      [...done].filter(([, times]) => times !== 1),
      [],
    );
    await world.stop();
  });

  it("stops like any other: nothing is left running, what it handed back stays claimable", async () => {
    const world = createWorld({ handle: gated().handle });
    await world.publish("a");
    await world.subscription.setPause(MARK);
    await world.start();
    const report = await world.stop();
    assert.deepEqual([report.released, report.cancelled], [0, 0]);
  });
});
