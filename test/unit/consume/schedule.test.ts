import assert from "node:assert/strict";
import { afterEach, describe, it, mock } from "node:test";
import * as fc from "fast-check";
import type { Held } from "../../../src/consume/held.ts";
import { createSchedule, type Schedule } from "../../../src/consume/schedule.ts";
import { compareEntryIds } from "../../../src/message/entry-id.ts";
import { heldWith } from "./consume-world.ts";

function withStarted(limit: () => number): { readonly schedule: Schedule; readonly started: Held[]; ids(): string[] } {
  const started: Held[] = [];
  const schedule = createSchedule({ limit, start: (held) => started.push(held) });
  return { schedule, started, ids: () => started.map(({ delivery }) => delivery.entryId) };
}

function addAll(schedule: Schedule, ...items: readonly Held[]): void {
  for (const held of items) schedule.add(held);
  schedule.pump();
}

afterEach(() => mock.timers.reset());

describe("a schedule", () => {
  it("runs no more than its limit at once, first come first served", () => {
    const { schedule, started, ids } = withStarted(() => 2);
    addAll(schedule, ...["1-0", "2-0", "3-0"].map((entryId) => heldWith({ entryId })));
    assert.deepEqual(ids(), ["1-0", "2-0"]);
    schedule.finish(started[0] as Held);
    assert.deepEqual(ids(), ["1-0", "2-0", "3-0"]);
  });

  it("starts nothing at a limit of 0, and all when it grows", () => {
    let limit = 0;
    const { schedule, ids } = withStarted(() => limit);
    addAll(schedule, heldWith());
    assert.deepEqual([ids(), schedule.ready], [[], 1]);
    limit = 1;
    schedule.pump();
    assert.deepEqual(ids(), ["1-0"]);
  });

  it("runs one of a key at a time, in order, while other keys go on", () => {
    const { schedule, started, ids } = withStarted(() => 10);
    addAll(
      schedule,
      heldWith({ entryId: "1-0", key: "a" }),
      heldWith({ entryId: "2-0", key: "a" }),
      heldWith({ entryId: "3-0", key: "b" }),
    );
    assert.deepEqual(ids(), ["1-0", "3-0"]);
    schedule.finish(started[0] as Held);
    assert.deepEqual(ids(), ["1-0", "3-0", "2-0"]);
  });

  it("keeps a key waiting behind its parked head", () => {
    mock.timers.enable({ apis: ["setTimeout"] });
    const { schedule, started, ids } = withStarted(() => 10);
    addAll(schedule, heldWith({ entryId: "1-0", key: "a" }), heldWith({ entryId: "2-0", key: "a" }));
    schedule.park(started[0] as Held, 500);
    addAll(schedule, heldWith({ entryId: "3-0", key: "b" }));
    assert.deepEqual([ids(), schedule.parked], [["1-0", "3-0"], 1]);
    mock.timers.tick(500);
    assert.deepEqual(ids(), ["1-0", "3-0", "1-0"]);
    schedule.finish(started[0] as Held);
    assert.deepEqual(ids(), ["1-0", "3-0", "1-0", "2-0"]);
  });

  it("puts a claimed, older entry in its place behind the one that runs", () => {
    const { schedule, started, ids } = withStarted(() => 1);
    addAll(
      schedule,
      heldWith({ entryId: "5-0", key: "a" }),
      heldWith({ entryId: "7-0", key: "a" }),
      heldWith({ entryId: "10-0", key: "a" }),
    );
    addAll(schedule, heldWith({ entryId: "6-0", key: "a" }), heldWith({ entryId: "9-2", key: "a" }));
    for (let i = 0; i < 5; i += 1) schedule.finish(started.at(-1) as Held);
    assert.deepEqual(ids(), ["5-0", "6-0", "7-0", "9-2", "10-0"]);
  });

  it("runs suspects one by one, alone", () => {
    const { schedule, started, ids } = withStarted(() => 10);
    addAll(schedule, heldWith({ entryId: "1-0" }));
    addAll(
      schedule,
      heldWith({ entryId: "2-0", isSuspect: true }),
      heldWith({ entryId: "3-0", isSuspect: true }),
      heldWith({ entryId: "4-0" }),
    );
    assert.deepEqual([ids(), schedule.suspects], [["1-0"], 2]);
    schedule.finish(started[0] as Held);
    assert.deepEqual(ids(), ["1-0", "2-0"]);
    addAll(schedule, heldWith({ entryId: "5-0" }));
    schedule.finish(started[1] as Held);
    assert.deepEqual(ids(), ["1-0", "2-0", "3-0"]);
    schedule.finish(started[2] as Held);
    assert.deepEqual(ids().slice(3), ["4-0", "5-0"]);
  });

  it("keeps a suspect a suspect while it is parked", () => {
    mock.timers.enable({ apis: ["setTimeout"] });
    const { schedule, started, ids } = withStarted(() => 10);
    addAll(schedule, heldWith({ entryId: "1-0", isSuspect: true }));
    schedule.park(started[0] as Held, 1000);
    addAll(schedule, heldWith({ entryId: "2-0" }));
    mock.timers.tick(1000);
    assert.deepEqual([ids(), schedule.suspects], [["1-0", "2-0"], 1]);
    schedule.finish(started[1] as Held);
    assert.equal(ids().at(-1), "1-0");
  });

  it("waits out what is left of a backoff before the first run", () => {
    mock.timers.enable({ apis: ["setTimeout"] });
    const { schedule, ids } = withStarted(() => 10);
    addAll(schedule, heldWith({ notBeforeMs: performance.now() + 5000 }));
    assert.deepEqual([ids(), schedule.parked], [[], 1]);
    mock.timers.tick(5001);
    assert.deepEqual(ids(), ["1-0"]);
  });

  it("does not run at once what waits longer than a timer can", () => {
    mock.timers.enable({ apis: ["setTimeout"] });
    const { schedule, started } = withStarted(() => 10);
    addAll(schedule, heldWith());
    schedule.park(started[0] as Held, 2 ** 31 + 5);
    mock.timers.tick(2 ** 31 - 1);
    assert.deepEqual([started.length, schedule.parked], [1, 1]);
  });

  it("gives away everything that does not run, and leaves no timer", () => {
    mock.timers.enable({ apis: ["setTimeout"] });
    const { schedule, started } = withStarted(() => 2);
    addAll(
      schedule,
      heldWith({ entryId: "1-0", key: "a" }),
      heldWith({ entryId: "2-0", key: "a" }),
      heldWith({ entryId: "3-0" }),
    );
    addAll(schedule, heldWith({ entryId: "4-0" }), heldWith({ entryId: "5-0", isSuspect: true }));
    schedule.park(started[1] as Held, 1000);
    const idle = schedule.takeIdle().map(({ delivery }) => delivery.entryId);
    assert.deepEqual(idle.toSorted(), ["2-0", "3-0", "4-0", "5-0"]);
    mock.timers.tick(10_000);
    schedule.finish(started[0] as Held);
    assert.deepEqual([started.length, schedule.running, schedule.ready, schedule.parked], [2, 0, 0, 0]);
  });

  it("goes on after its idle ones were taken away: their keys are free, those of running ones are not", () => {
    mock.timers.enable({ apis: ["setTimeout"] });
    let limit = 2;
    const { schedule, started, ids } = withStarted(() => limit);
    addAll(schedule, heldWith({ entryId: "1-0", key: "runs" }), heldWith({ entryId: "2-0", key: "parked" }));
    limit = 0;
    addAll(
      schedule,
      heldWith({ entryId: "3-0", key: "ready" }),
      heldWith({ entryId: "4-0", key: "ready" }),
      heldWith({ entryId: "5-0", key: "runs" }),
      heldWith({ entryId: "6-0", key: "parked" }),
      heldWith({ entryId: "7-0", key: "suspect", isSuspect: true }),
    );
    schedule.park(started[1] as Held, 1000);
    const idle = schedule.takeIdle().map(({ delivery }) => delivery.entryId);
    assert.deepEqual(idle.toSorted(), ["2-0", "3-0", "4-0", "5-0", "6-0", "7-0"]);
    assert.deepEqual([schedule.ready, schedule.suspects, schedule.parked, schedule.running], [0, 0, 0, 1]);
    limit = 10;
    const again = ["2-0 parked", "3-0 ready", "5-0 runs", "7-0 suspect"].map((each) => each.split(" "));
    addAll(schedule, ...again.map(([entryId = "", key = ""]) => heldWith({ entryId, key })));
    assert.deepEqual(ids(), ["1-0", "2-0", "2-0", "3-0", "7-0"], "5-0 waits behind 1-0");
    schedule.finish(started[0] as Held);
    assert.equal(ids().at(-1), "5-0");
  });
});

type Step =
  | { readonly kind: "add"; readonly key: string | null; readonly isSuspect: boolean }
  | { readonly kind: "finish" | "park"; readonly which: number }
  | { readonly kind: "tick" }
  | { readonly kind: "take" };

const aStep: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant("add" as const),
      key: fc.constantFrom(null, "a", "b", "c"),
      isSuspect: fc.integer({ min: 0, max: 9 }).map((n) => n === 0),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom("finish" as const, "park" as const), which: fc.nat(20) }) },
  { weight: 1, arbitrary: fc.constantFrom({ kind: "tick" as const }, { kind: "take" as const }) },
);

/** What must hold whatever happens: kept beside the schedule, and checked at each start. */
class Model {
  readonly limit: number;
  readonly running = new Set<Held>();
  readonly added = new Set<Held>();
  readonly done = new Set<Held>();
  readonly lastOfKey = new Map<string, string>();
  readonly schedule: Schedule;
  #ids = 0;

  constructor(limit: number) {
    this.limit = limit;
    this.schedule = createSchedule({ limit: () => limit, start: (held) => this.#start(held) });
  }

  #start(held: Held): void {
    assert.ok(!this.done.has(held) && !this.running.has(held), "started twice");
    for (const other of this.running) {
      assert.ok(held.key === null || other.key !== held.key, "two of one key at once");
      assert.ok(!other.isSuspect && !held.isSuspect, "a suspect has company");
    }
    this.running.add(held);
    assert.ok(this.running.size <= this.limit, "more than the limit");
    if (held.key === null) return;
    assert.ok(compareEntryIds(this.lastOfKey.get(held.key) ?? "0-0", held.delivery.entryId) <= 0, "out of order");
    this.lastOfKey.set(held.key, held.delivery.entryId);
  }

  step(step: Step): void {
    if (step.kind === "tick") return mock.timers.tick(100);
    if (step.kind === "take") {
      for (const held of this.schedule.takeIdle()) this.added.delete(held);
      return;
    }
    if (step.kind === "add") {
      const held = heldWith({ entryId: `${(this.#ids += 1)}-0`, key: step.key, isSuspect: step.isSuspect });
      this.added.add(held);
      return addAll(this.schedule, held);
    }
    const held = [...this.running][step.which % Math.max(1, this.running.size)];
    if (held) this.end(held, step.kind);
  }

  end(held: Held, how: "finish" | "park"): void {
    this.running.delete(held);
    if (how === "park") return this.schedule.park(held, 50);
    this.done.add(held);
    this.schedule.finish(held);
  }
}

describe("the schedule's promises, whatever happens", () => {
  it("one of a key at a time, in order, within the limit, suspects alone, and nothing forgotten", () => {
    mock.timers.enable({ apis: ["setTimeout"] });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 4 }), fc.array(aStep, { maxLength: 60 }), (limit, steps) => {
        const model = new Model(limit);
        for (const step of steps) model.step(step);
        while (model.running.size > 0 || model.schedule.parked > 0) {
          for (const held of model.running) model.end(held, "finish");
          mock.timers.tick(100);
        }
        assert.equal(model.done.size, model.added.size);
        assert.deepEqual([model.schedule.running, model.schedule.ready, model.schedule.suspects], [0, 0, 0]);
      }),
      { numRuns: 200 },
    );
  });
});
