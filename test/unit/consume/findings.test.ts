/** Faults that were found by reading, each with the test that showed it. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { BrokerError, RetryAfterError } from "../../../src/errors.ts";
import { createDeferred } from "../../../src/primitives/deferred.ts";
import { until } from "../../support/until.ts";
import { createWorld, GROUP, STREAM } from "./consume-world.ts";

const refused = (): BrokerError => new BrokerError("OOM command not allowed", { isTransient: true });

function hostileErrors(): readonly (readonly [string, unknown])[] {
  const throwing = new Error("x");
  for (const name of ["message", "stack", "name", "code", "cause"]) {
    Object.defineProperty(throwing, name, {
      get: () => {
        throw new Error("from the getter");
      },
    });
  }
  const loop = new Error("loop");
  loop.cause = loop;
  return [
    ["undefined", undefined],
    ["null", null],
    ["a string", "plain"],
    ["a symbol", Symbol("s")],
    ["a bigint", 1n],
    ["an object without a prototype", Object.create(null)],
    [
      "an object whose toString throws",
      {
        toString() {
          throw new Error("no text");
        },
      },
    ],
    ["a frozen error", Object.freeze(new Error("frozen"))],
    ["an error whose getters throw", throwing],
    ["an error whose message is no text", Object.assign(new Error("x"), { message: 42, stack: {} })],
    ["an error that is its own cause", loop],
    [
      "a proxy that answers nothing",
      new Proxy(
        {},
        {
          get() {
            throw new Error("no");
          },
          getPrototypeOf() {
            throw new Error("no");
          },
        },
      ),
    ],
  ];
}

describe("whatever a handler throws", () => {
  for (const [what, thrown] of hostileErrors()) {
    it(`${what} is retried, dead-lettered, and the next message is handled`, async () => {
      const handled: unknown[] = [];
      const world = createWorld({
        handle: async (event, { attempt }) => {
          if (event["id"] === "bad") throw thrown;
          handled.push([event["id"], attempt]);
        },
      });
      await world.publish("bad", "good");
      await world.start();
      await until("the bad one is dead-lettered", async () => (await world.depth()) === 1);
      await until("nothing is held", () => world.subscription.isIdle);
      await world.stop();
      assert.deepEqual(handled, [["good", 1]]);
      const page = await world.adapter.deadLetters.list({ stream: STREAM, group: GROUP }, null, 10);
      assert.equal(page.letters[0]?.failure?.attempts, 3);
    });
  }

  it("is dead-lettered also where redaction throws, and without its text", async () => {
    const world = createWorld({
      handle: () => {
        throw new Error("the password is hunter2");
      },
      settings: { maxRetries: 0 },
      redact: () => {
        throw new Error("redaction is broken");
      },
    });
    await world.publish("a");
    await world.start();
    await until("it is dead-lettered", async () => (await world.depth()) === 1);
    await world.stop();
    assert.ok(!JSON.stringify(world.log.lines).includes("hunter2"));
  });
});

describe("replies that are lost", () => {
  it("of a claim: what it took over is handled by this very consumer", async () => {
    const handled: unknown[] = [];
    let claims = 0;
    const world = createWorld({
      handle: async (event) => void handled.push(event["id"]),
      settings: { claimIdleMs: 30 },
      over: (real) => ({
        async claim(count, minIdleMs) {
          const claimed = await real.claim(count, minIdleMs);
          if (claimed.deliveries.length > 0 && (claims += 1) === 1)
            throw new BrokerError("Command timed out", { isTransient: true, isOutcomeUnknown: true });
          return claimed;
        },
      }),
    });
    await world.publish("a");
    await world.loseAll();
    await world.start();
    await until("it is handled", () => handled.length === 1);
    await until("it is acked", async () => (await world.pending()) === 0);
    await world.stop();
    assert.equal(claims, 1);
  });

  it("recovery that cannot bury a missing entry tries again, and rejects nowhere unheard", async () => {
    let reads = 0;
    let burials = 0;
    const world = createWorld({
      handle: async () => undefined,
      over: (real) => ({
        async read(count, blockMs) {
          reads += 1;
          if (reads > 1) return real.read(count, blockMs);
          await real.read(count, 0);
          for (const id of ids) world.adapter.streams.deleteEntry(STREAM, id);
          throw new BrokerError("Connection is closed", { isTransient: true });
        },
        async buryMissing(entry, failure) {
          burials += 1;
          if (burials === 1) throw refused();
          return real.buryMissing(entry, failure);
        },
      }),
    });
    const ids = await world.publish("a");
    await world.start();
    await until("a dead letter tells of it", async () => (await world.depth()) === 1);
    await world.stop();
    assert.equal(burials, 2);
  });
});

describe("messages that another consumer took over", () => {
  it("while they waited their turn are not run here", async () => {
    const gate = createDeferred();
    const handled: unknown[] = [];
    let isStolen = false;
    const world = createWorld({
      settings: { concurrency: 2, claimIdleMs: 30 },
      handle: async (event) => {
        handled.push(event["id"]);
        if (event["id"] === "first") await gate.promise;
      },
      over: () => ({
        extend: async (deliveries) => (isStolen ? deliveries.filter(({ entryId }) => entryId === ids[1]) : []),
      }),
    });
    const ids = await world.publish("first", "first");
    await world.start();
    await until("all are held", () => world.subscription.status().held === 2 && handled.length === 1);
    isStolen = true;
    await until("the loss is known", () => world.log.has("lost the lease"));
    gate.resolve();
    await until("nothing is held", () => world.subscription.isIdle);
    await world.stop();
    assert.deepEqual(handled, ["first"]);
  });

  it("suspects that are fenced are not run", async () => {
    let handled = 0;
    const world = createWorld({
      settings: { claimIdleMs: 30 },
      handle: async () => void (handled += 1),
      over: () => ({ markInHand: async () => false }),
    });
    await world.publish("a");
    await world.loseAll();
    await world.start();
    await until("it is let go", () => world.subscription.status().counts.fenced === 1);
    await world.stop();
    assert.equal(handled, 0);
  });
});

describe("a stop", () => {
  it("hands back what the last read brings when everything else is done already", async () => {
    const gate = createDeferred();
    const read = createDeferred();
    let isHeldBack = false;
    const world = createWorld({
      handle: async () => undefined,
      over: (real) => ({
        async read(count, blockMs) {
          const found = await real.read(count, blockMs);
          if (found.length === 0) return found;
          isHeldBack = true;
          read.resolve();
          await gate.promise;
          return found;
        },
        wake: async () => undefined,
      }),
    });
    await world.start();
    await world.publish("late");
    await read.promise;
    const stopping = world.stop();
    setTimeout(gate.resolve, 50);
    const report = await stopping;
    assert.deepEqual([isHeldBack, report.released], [true, 1]);
    const next = world.adapter.broker.createConsumer({
      stream: STREAM,
      group: GROUP,
      consumer: "next",
      startFrom: "0",
    });
    const { deliveries } = await next.claim(10, 60_000);
    assert.deepEqual(
      deliveries.map(({ history }) => history.crashes),
      [0],
      "handed over, not lost in a crash",
    );
  });

  it("during a repair starts no read that nobody would wake", async () => {
    const gate = createDeferred();
    const repairing = createDeferred();
    let reads = 0;
    const world = createWorld({
      handle: async () => undefined,
      over: () => ({
        async read() {
          reads += 1;
          throw refused();
        },
        async recover() {
          repairing.resolve();
          await gate.promise;
          return { deliveries: [], missing: [] };
        },
      }),
    });
    await world.start();
    await repairing.promise;
    const stopping = world.stop();
    gate.resolve();
    await stopping;
    assert.equal(reads, 1);
  });
});

describe("delays and limits", () => {
  it("a RetryAfterError that asks for longer than a timer can wait is not run at once", async () => {
    let runs = 0;
    const world = createWorld({
      handle: async () => {
        runs += 1;
        throw new RetryAfterError(40 * 24 * 3_600_000);
      },
    });
    await world.publish("a", "b");
    await world.start();
    await until("both failed", () => world.subscription.status().counts.failed === 2);
    await until("both wait", () => world.subscription.status().inFlight === 0);
    const report = await world.stop();
    assert.deepEqual([runs, report.released], [2, 2]);
  });

  it("is not stalled when it is started long after it was made", async () => {
    const world = createWorld({ handle: async () => undefined });
    await world.start();
    assert.equal(world.subscription.status().status, "ok");
    await world.stop();
  });
});
