import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createLoadShedding, type LoadReadings, type LoadShedding } from "../../../src/lifecycle/load-shedding.ts";
import { LogLines } from "../consume/consume-world.ts";

const LIMITS = { heap: 0.9, rss: 0, event_loop: 500 };

function createRig(): {
  readonly shedding: LoadShedding;
  readonly log: LogLines;
  readonly calms: () => number;
  /** So much later, with these readings, it looks. */
  at(passedMs: number, readings: Partial<LoadReadings>): boolean;
} {
  let nowMs = 0;
  let readings: LoadReadings = { heap: 0, rss: 0, event_loop: null };
  let calms = 0;
  const log = new LogLines();
  const shedding = createLoadShedding({
    limits: LIMITS,
    source: { start: () => undefined, stop: () => undefined, read: () => readings },
    clock: { now: () => 0, monotonicMs: () => nowMs },
    log: log.logger,
    onCalm: () => (calms += 1),
  });
  return {
    shedding,
    log,
    calms: () => calms,
    at(passedMs, changed) {
      nowMs += passedMs;
      readings = { ...readings, ...changed };
      shedding.check();
      return shedding.isShedding;
    },
  };
}

describe("load shedding", () => {
  it("begins above a threshold, not at it", () => {
    const { at } = createRig();
    assert.equal(at(0, { heap: 0.9 }), false);
    assert.equal(at(500, { heap: 0.91 }), true);
  });

  it("ends below 80 % of the threshold, and not before a second", () => {
    const { at, calms } = createRig();
    assert.equal(at(0, { event_loop: 600 }), true);
    assert.equal(at(500, { event_loop: 10 }), true, "too soon");
    assert.equal(at(500, { event_loop: 400 }), true, "not below");
    assert.equal(calms(), 0);
    assert.equal(at(500, { event_loop: 399 }), false);
    assert.equal(calms(), 1);
  });

  it("goes on while any reason is left", () => {
    const { at, calms } = createRig();
    at(0, { event_loop: 600, heap: 0.95 });
    assert.equal(at(2000, { event_loop: 0 }), true);
    assert.equal(calms(), 0);
    assert.equal(at(500, { heap: 0.5 }), false);
    assert.equal(calms(), 1);
  });

  it("watches nothing whose limit is 0, and takes the unknown for no reason", () => {
    const { at, shedding } = createRig();
    assert.equal(at(0, { rss: 1e9, event_loop: null }), false);
    assert.deepEqual(
      shedding.status().map(({ reason }) => reason),
      ["heap", "event_loop"],
    );
  });

  it("counts episodes, and logs one line at the beginning and one at the end of each", () => {
    const { at, shedding, log } = createRig();
    for (let round = 0; round < 3; round += 1) {
      for (let look = 0; look < 5; look += 1) at(500, { heap: 0.95 });
      for (let look = 0; look < 5; look += 1) at(500, { heap: 0.1 });
    }
    assert.deepEqual(shedding.status()[0], { reason: "heap", isActive: false, episodes: 3 });
    const words = log.lines.map(({ msg }) => String(msg));
    assert.deepEqual(
      [
        words.filter((msg) => /nothing more is read/.test(msg)).length,
        words.filter((msg) => /is over/.test(msg)).length,
        words.length,
      ],
      [3, 3, 6],
    );
  });
});
