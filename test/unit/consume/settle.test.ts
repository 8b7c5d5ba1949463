import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { BrokerError, DiscardError, PermanentError } from "../../../src/errors.ts";
import { createDeferred } from "../../../src/primitives/deferred.ts";
import { until } from "../../support/until.ts";
import { createWorld, GROUP, Placed, STREAM } from "./consume-world.ts";

const refused = (): BrokerError => new BrokerError("OOM command not allowed", { isTransient: true });
const groupGone = (): BrokerError => new BrokerError("NOGROUP", { isTransient: true, isGroupGone: true });

describe("settling", () => {
  it("tries a refused dead letter again until it is written, once", async () => {
    let tries = 0;
    const world = createWorld({
      handle: () => {
        throw new PermanentError("x");
      },
      over: (real) => ({
        async deadLetter(delivery, failure) {
          tries += 1;
          if (tries < 3) throw refused();
          return real.deadLetter(delivery, failure);
        },
      }),
    });
    await world.publish("a");
    await world.start();
    await until("it is settled", () => world.subscription.status().counts.deadLettered === 1);
    await world.stop();
    assert.deepEqual([tries, await world.depth(), await world.pending()], [3, 1, 0]);
  });

  it("leaves a dead letter that cannot be written pending when it stops, claimable at once, uncounted", async () => {
    const world = createWorld({
      handle: () => {
        throw new PermanentError("x");
      },
      over: () => ({ deadLetter: () => Promise.reject(refused()) }),
    });
    await world.publish("a");
    await world.start();
    await until("it is refused", () => world.log.has("dead-lettering failed"));
    const report = await world.stop(0);
    assert.equal(report.released, 1);
    const next = world.adapter.broker.createConsumer({
      stream: STREAM,
      group: GROUP,
      consumer: "next",
      startFrom: "0",
    });
    const { deliveries } = await next.claim(10, 60_000);
    assert.deepEqual(
      deliveries.map(({ history }) => [history.failures, history.crashes]),
      [[0, 0]],
    );
  });

  it("counts a failure in memory that the broker refuses to record", async () => {
    let runs = 0;
    const world = createWorld({
      settings: { maxRetries: 2 },
      handle: async () => {
        runs += 1;
        throw new Error("x");
      },
      over: () => ({ recordFailure: () => Promise.reject(refused()) }),
    });
    await world.publish("a");
    await world.start();
    await until("it is dead-lettered", async () => (await world.depth()) === 1);
    await world.stop();
    assert.equal(runs, 3);
  });

  it("publishes what a handler raised before its message is acked, and again when that was refused", async () => {
    const calls: string[] = [];
    const world = createWorld({
      handle: async (event, context) => context.publish(new Placed({ id: event["id"] })),
      append: async (entries) => {
        calls.push(`append ${entries.length}`);
        if (calls.length === 1) throw refused();
        return ["1-0"];
      },
      over: (real) => ({
        ack(deliveries) {
          calls.push("ack");
          return real.ack(deliveries);
        },
      }),
    });
    await world.publish("a");
    await world.start();
    await until("it is acked", () => world.subscription.status().counts.succeeded === 1 && world.subscription.isIdle);
    await world.stop();
    assert.deepEqual(calls, ["append 1", "append 1", "ack"]);
  });

  for (const [what, over] of [
    ["acked", { ack: () => Promise.reject(groupGone()) }],
    ["dead-lettered", { deadLetter: () => Promise.reject(groupGone()) }],
  ] as const) {
    it(`lets go of a message that is ${what} in a group that is gone`, async () => {
      const world = createWorld({
        handle: () => {
          if (what !== "acked") throw new PermanentError("x");
        },
        over: () => over,
      });
      await world.publish("a");
      await world.start();
      await until(
        "it was taken",
        () => world.subscription.status().counts.succeeded + world.subscription.status().counts.fenced > 0,
      );
      await until("nothing is held", () => world.subscription.isIdle);
      await world.stop();
    });
  }

  it("makes a vanished group again, from the start, and handles what comes", async () => {
    const handled: unknown[] = [];
    const world = createWorld({ handle: async (event) => void handled.push(event["id"]) });
    await world.start();
    await world.publish("a");
    await until("the first is handled", () => handled.length === 1 && world.subscription.isIdle);
    world.adapter.streams.deleteStream(STREAM);
    await world.publish("b");
    await until("the second is handled", () => handled.includes("b"));
    await world.stop();
    assert.equal(world.subscription.status().counts.groupsRecreated, 1);
  });

  it("acks and counts what a handler discards, and what has no dead-letter queue", async () => {
    const world = createWorld({
      settings: { enableDlq: false },
      handle: (event) => {
        throw event["id"] === "asked" ? new DiscardError("no use") : new PermanentError("never");
      },
    });
    await world.publish("asked", "never");
    await world.start();
    await until(
      "both are acked",
      () => world.subscription.status().counts.discarded === 2 && world.subscription.isIdle,
    );
    await world.stop();
    assert.deepEqual([await world.pending(), await world.depth()], [0, 0]);
  });

  it("says fenced, and changes nothing, when another consumer holds the message by then", async () => {
    const gate = createDeferred();
    const world = createWorld({
      handle: async () => {
        await gate.promise;
        throw new PermanentError("x");
      },
    });
    await world.publish("a");
    await world.start();
    await until("it runs", () => world.subscription.status().inFlight === 1);
    const thief = world.adapter.broker.createConsumer({
      stream: STREAM,
      group: GROUP,
      consumer: "thief",
      startFrom: "0",
    });
    assert.equal((await thief.claim(1, 0)).deliveries.length, 1);
    gate.resolve();
    await until("it is let go", () => world.subscription.isIdle);
    await world.stop();
    assert.deepEqual(
      [world.subscription.status().counts.fenced, await world.depth(), await world.pending()],
      [1, 0, 1],
    );
  });
});

describe("the circuit", () => {
  it("opens, lets one probe through at no cost, and closes when it succeeds", async () => {
    let isDown = true;
    let runs = 0;
    const world = createWorld({
      settings: { circuitBreakerThreshold: 2, circuitBreakerResetSeconds: 0.05, maxRetries: 100, concurrency: 1 },
      handle: async () => {
        runs += 1;
        if (isDown) throw new Error("down");
      },
    });
    await world.publish("a", "b", "c");
    await world.start();
    await until("a probe failed", () => world.subscription.circuit.failedProbes >= 2);
    const counted = await world.adapter.broker
      .createConsumer({ stream: STREAM, group: GROUP, consumer: "me", startFrom: "0" })
      .recover(() => false);
    assert.ok(
      counted.deliveries.every(({ history }) => history.failures <= 2),
      "probes are not counted",
    );
    assert.ok(runs >= 4);
    isDown = false;
    await until("all are handled", async () => world.subscription.status().counts.succeeded === 3);
    assert.equal(world.subscription.circuit.state, "closed");
    await world.stop();
  });
});
