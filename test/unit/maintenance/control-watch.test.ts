import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createMemoryAdapter } from "../../../src/adapters/memory/adapter.ts";
import { createControlWatch, type ControlWatch } from "../../../src/maintenance/control-watch.ts";
import type { Control, Pause, PauseMark } from "../../../src/ports/control.ts";
import { LogLines } from "../consume/consume-world.ts";

const NAME = "{shop}:control";
const ME = "host:17:aa";
const mark = (reason: string): PauseMark => ({ by: "alice", at: "2026-01-02T03:04:05.678Z", reason });
const pause = (subscription: string, consumer: string | null, reason: string): Pause => ({
  subscription,
  consumer,
  ...mark(reason),
});

function createRig(): {
  readonly watch: ControlWatch;
  readonly control: Control;
  readonly log: LogLines;
  readonly asked: () => number;
  breakIt(isBroken: boolean): void;
  reasons(): (string | null)[];
} {
  const { control } = createMemoryAdapter("default");
  const marks = new Map<string, PauseMark | null>([
    ["shop.A", null],
    ["shop.B", null],
  ]);
  const log = new LogLines();
  let asked = 0;
  let isBroken = false;
  const watch = createControlWatch({
    name: NAME,
    consumerName: ME,
    log: log.logger,
    control: {
      ...control,
      list(name) {
        asked += 1;
        return isBroken ? Promise.reject(new Error("away")) : control.list(name);
      },
    },
    subscriptions: [...marks.keys()].map((name) => ({
      model: { name },
      setPause: async (next) => void marks.set(name, next),
    })),
  });
  return {
    watch,
    control,
    log,
    asked: () => asked,
    breakIt: (broken) => (isBroken = broken),
    reasons: () => [...marks.values()].map((each) => each?.reason ?? null),
  };
}

describe("the control watch", () => {
  it("carries out orders for every process and for this one, and leaves those for others alone, with one question", async () => {
    const rig = createRig();
    await rig.control.pause(NAME, pause("shop.A", null, "all"));
    await rig.control.pause(NAME, pause("shop.B", "host:18:bb", "another"));
    await rig.watch.runOnce();
    assert.deepEqual([rig.reasons(), rig.asked()], [["all", null], 1]);
    await rig.control.pause(NAME, pause("shop.B", ME, "mine"));
    await rig.watch.runOnce();
    assert.deepEqual(rig.reasons(), ["all", "mine"]);
    await rig.control.resume(NAME, [pause("shop.A", null, ""), pause("shop.B", ME, "")]);
    await rig.watch.runOnce();
    assert.deepEqual(rig.reasons(), [null, null]);
  });

  it("keeps a pause of this process's own code apart from what operators ordered", async () => {
    const rig = createRig();
    await rig.control.pause(NAME, pause("shop.A", null, "all"));
    await rig.watch.runOnce();
    await rig.watch.setOwn("shop.A", mark("own"));
    assert.deepEqual(rig.reasons(), ["all", null]);
    await rig.control.resume(NAME, [pause("shop.A", null, "")]);
    await rig.watch.runOnce();
    assert.deepEqual(rig.reasons(), ["own", null]);
    await rig.watch.setOwn("shop.A", null);
    assert.deepEqual(rig.reasons(), [null, null]);
  });

  it("leaves in force what was ordered while the broker does not answer, and rejects when asked to look now", async () => {
    const rig = createRig();
    await rig.control.pause(NAME, pause("shop.A", null, "all"));
    await rig.watch.runOnce();
    rig.breakIt(true);
    await assert.rejects(rig.watch.runOnce(), /away/);
    assert.deepEqual(rig.reasons(), ["all", null]);
  });

  it("takes the orders for its own process along when it stops", async () => {
    const rig = createRig();
    for (const each of [pause("shop.A", null, "all"), pause("shop.B", ME, "mine")]) await rig.control.pause(NAME, each);
    await rig.watch.runOnce();
    await rig.watch.stop(performance.now() + 1000);
    assert.deepEqual(
      (await rig.control.list(NAME)).map(({ reason }) => reason),
      ["all"],
    );
  });
});
