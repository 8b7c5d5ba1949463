/** Suspects: what a lost consumer held runs alone, marked, and is never forgotten. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { BrokerError } from "../../../src/errors.ts";
import { createSemaphore } from "../../../src/primitives/semaphore.ts";
import { until } from "../../support/until.ts";
import { createWorld, GROUP, STREAM } from "./consume-world.ts";

const refused = (): BrokerError => new BrokerError("OOM command not allowed", { isTransient: true });

describe("suspects", () => {
  it("wait unharmed while their mark is refused, others go on, and then they run", async () => {
    let isOutOfMemory = true;
    let refusals = 0;
    const handled: unknown[] = [];
    const world = createWorld({
      settings: { claimIdleMs: 50 },
      handle: async (event) => void handled.push(event["id"]),
      over: (real) => ({
        async markInHand(delivery) {
          if (!isOutOfMemory) return real.markInHand(delivery);
          refusals += 1;
          throw refused();
        },
      }),
    });
    await world.publish("suspect");
    await world.loseAll();
    await world.start();
    await until("the mark was refused", () => refusals > 0);
    await world.publish("other");
    await until("the other is handled", () => handled.length === 1);
    isOutOfMemory = false;
    await until("the suspect is handled", () => handled.length === 2);
    await world.stop();
    assert.deepEqual(handled, ["other", "suspect"]);
    assert.equal(await world.pending(), 0);
  });

  it("are marked only once their bytes are known: a crash before is not theirs", async () => {
    const calls: string[] = [];
    const world = createWorld({
      settings: { claimIdleMs: 30 },
      handle: async () => void calls.push("handle"),
      over: (real) => ({
        async rawFields(delivery) {
          calls.push("bytes");
          if (calls.length === 1) throw refused();
          return real.rawFields(delivery);
        },
        async markInHand(delivery) {
          calls.push("mark");
          return real.markInHand(delivery);
        },
      }),
    });
    await world.publish("\uFFFD");
    await world.loseAll();
    await world.start();
    await until("it is handled", () => calls.includes("handle"));
    await world.stop();
    assert.deepEqual(calls, ["bytes", "bytes", "mark", "handle"]);
  });

  it("are marked only once the one before is acked: a crash would be charged to both", async () => {
    const calls: string[] = [];
    const gate = Promise.withResolvers<void>();
    const world = createWorld({
      settings: { claimIdleMs: 30 },
      handle: async (event) => void calls.push(`handle ${String(event["id"])}`),
      over: (real) => ({
        async markInHand(delivery) {
          calls.push("mark");
          return real.markInHand(delivery);
        },
        async ack(deliveries) {
          calls.push("ack");
          await gate.promise;
          calls.push("acked");
          return real.ack(deliveries);
        },
      }),
    });
    await world.publish("a", "b");
    await world.loseAll();
    await world.start();
    await until("the first ack is on its way", () => calls.includes("ack"));
    // Whatever could come before the ack has come by now.
    for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    gate.resolve();
    await until("both are handled", () => calls.includes("handle b"));
    await world.stop();
    assert.deepEqual(calls.slice(0, 6), ["mark", "handle a", "ack", "acked", "mark", "handle b"]);
  });

  it("that wait for another subscription's suspect do not start once the engine stops", async () => {
    const suspectTurn = createSemaphore(1);
    const giveBack = await suspectTurn.acquire();
    let handled = 0;
    const world = createWorld({ settings: { claimIdleMs: 30 }, suspectTurn, handle: async () => void (handled += 1) });
    await world.publish("a");
    await world.loseAll();
    await world.start();
    await until("it has its turn, but for the other one", () => world.subscription.status().inFlight === 1);
    const stopping = world.stop();
    giveBack();
    const report = await stopping;
    assert.deepEqual([handled, report.released], [0, 1]);
    const next = world.adapter.broker.createConsumer({
      stream: STREAM,
      group: GROUP,
      consumer: "next",
      startFrom: "0",
    });
    const { deliveries } = await next.claim(10, 60_000);
    assert.equal(deliveries.length, 1, "claimable at once");
  });
});
