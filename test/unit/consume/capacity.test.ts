import assert from "node:assert/strict";
import { describe, it } from "node:test";
import * as fc from "fast-check";
import { createCapacity } from "../../../src/consume/capacity.ts";

const IDLE = { running: 0, ready: 0, held: 0, heldBytes: 0 };
const MEBIBYTE = 1024 * 1024;

describe("capacity", () => {
  it("asks for what can start at once before anything is known", () => {
    assert.equal(createCapacity({ messagesPerTick: 100, concurrency: 8 }).wanted(IDLE), 8);
  });

  it("reads ahead of fast handlers, a batch at a time", () => {
    const capacity = createCapacity({ messagesPerTick: 100, concurrency: 8 });
    capacity.observeRun(0.1);
    assert.equal(capacity.wanted({ ...IDLE, running: 8 }), 100);
  });

  it("does not hoard what slow handlers cannot start soon", () => {
    const capacity = createCapacity({ messagesPerTick: 100, concurrency: 8 });
    capacity.observeRun(10_000);
    assert.equal(capacity.wanted({ ...IDLE, running: 8 }), 0);
    assert.equal(capacity.wanted({ ...IDLE, running: 7 }), 1);
  });

  it("stops at its limits of count and bytes, also for what is parked or not yet acked", () => {
    const capacity = createCapacity({ messagesPerTick: 10, concurrency: 8 });
    assert.equal(capacity.wanted({ ...IDLE, held: 1000 }), 0);
    assert.equal(capacity.wanted({ ...IDLE, held: 995 }), 5);
    assert.equal(capacity.wanted({ ...IDLE, heldBytes: 64 * MEBIBYTE }), 0);
  });

  it("asks for fewer of large entries", () => {
    const capacity = createCapacity({ messagesPerTick: 100, concurrency: 100 });
    for (let i = 0; i < 100; i += 1) capacity.observeEntry(8 * MEBIBYTE);
    assert.equal(capacity.wanted(IDLE), 8);
  });

  it("takes over from lost consumers also while it is busy, within its limits", () => {
    const capacity = createCapacity({ messagesPerTick: 10, concurrency: 4 });
    capacity.observeRun(10_000);
    assert.equal(capacity.wanted({ ...IDLE, running: 4 }), 0);
    assert.equal(capacity.claimable({ ...IDLE, running: 4 }), 4);
    assert.equal(capacity.claimable({ ...IDLE, held: 1000 }), 0);
    assert.equal(capacity.claimable({ ...IDLE, heldBytes: 65 * MEBIBYTE }), 0);
  });

  it("never asks for more than a batch or beyond what it may hold, whatever was observed", () => {
    fc.assert(
      fc.property(
        fc.record({
          messagesPerTick: fc.integer({ min: 1, max: 5000 }),
          concurrency: fc.integer({ min: 1, max: 500 }),
        }),
        fc.record({
          running: fc.nat(500),
          ready: fc.nat(5000),
          held: fc.nat(60_000),
          heldBytes: fc.nat(70 * MEBIBYTE),
        }),
        fc.array(fc.double({ min: 0, max: 1e6, noNaN: true }), { maxLength: 5 }),
        (options, input, runs) => {
          const capacity = createCapacity(options);
          for (const run of runs) capacity.observeRun(run);
          const wanted = capacity.wanted(input);
          assert.ok(Number.isInteger(wanted) && wanted >= 0 && wanted <= options.messagesPerTick);
          assert.ok(wanted === 0 || input.held + wanted <= Math.max(1000, options.messagesPerTick * 10));
        },
      ),
    );
  });
});
