import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createAckBatch, type AckBatch } from "../../../src/consume/ack-batch.ts";
import type { Held } from "../../../src/consume/held.ts";
import { BrokerError } from "../../../src/errors.ts";
import type { Consumer, Delivery } from "../../../src/ports/broker.ts";
import { createDeferred } from "../../../src/primitives/deferred.ts";
import { until } from "../../support/until.ts";
import { heldWith, LogLines } from "./consume-world.ts";

const never = new AbortController().signal;
const away = (): BrokerError => new BrokerError("Connection is closed", { isTransient: true });

function batchOver(ack: (deliveries: readonly Delivery[]) => Promise<number>): {
  readonly acks: AckBatch;
  readonly acked: Held[];
  readonly fenced: number[];
} {
  const acked: Held[] = [];
  const fenced: number[] = [];
  const acks = createAckBatch({
    consumer: { ack } as unknown as Consumer,
    log: new LogLines().logger,
    onAcked: (batch, count) => {
      acked.push(...batch);
      fenced.push(count);
    },
  });
  return { acks, acked, fenced };
}

const some = (count: number): Held[] => Array.from({ length: count }, (_, i) => heldWith({ entryId: `${i + 1}-0` }));

describe("an ack batch", () => {
  it("sends what is handled in one turn in one call, and at most 500", async () => {
    const sizes: number[] = [];
    const { acks, acked } = batchOver(async ({ length }) => (sizes.push(length), 0));
    for (const held of some(1200)) acks.add(held);
    assert.equal(acks.size, 1200);
    await acks.flush(never);
    assert.deepEqual([sizes, acked.length, acks.size], [[500, 500, 200], 1200, 0]);
  });

  it("gathers while a call is on its way", async () => {
    const gate = createDeferred();
    const sizes: number[] = [];
    const { acks } = batchOver(async ({ length }) => {
      sizes.push(length);
      await gate.promise;
      return 0;
    });
    acks.add(heldWith());
    await until("the first call is made", () => sizes.length === 1);
    for (const held of some(3)) acks.add(held);
    assert.equal(acks.size, 4);
    gate.resolve();
    await acks.flush(never);
    assert.deepEqual(sizes, [1, 3]);
  });

  it("repeats a call that fails, until it succeeds, and tells what was fenced", async () => {
    let calls = 0;
    const { acks, acked, fenced } = batchOver(async () => {
      calls += 1;
      if (calls < 3) throw away();
      return 1;
    });
    for (const held of some(2)) acks.add(held);
    await acks.flush(never);
    assert.deepEqual([calls, acked.length, fenced], [3, 2, [1]]);
  });

  it("keeps everything, acked by nobody, when a flush is given up", async () => {
    const { acks, acked } = batchOver(() => Promise.reject(away()));
    for (const held of some(600)) acks.add(held);
    const giveUp = new AbortController();
    giveUp.abort();
    await acks.flush(giveUp.signal);
    assert.equal(acked.length, 0);
  });

  it("lets go of what was pending in a group that is gone", async () => {
    const { acks, acked } = batchOver(() =>
      Promise.reject(new BrokerError("NOGROUP", { isTransient: true, isGroupGone: true })),
    );
    acks.add(heldWith());
    await acks.flush(never);
    assert.equal(acked.length, 1);
  });

  it("has nothing to wait for when nothing was added", async () => {
    const { acks } = batchOver(async () => 0);
    await acks.flush(never);
    assert.equal(acks.size, 0);
  });
});
