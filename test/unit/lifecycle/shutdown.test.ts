import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { everyOne, runShutdown } from "../../../src/lifecycle/shutdown.ts";
import { createDeferred } from "../../../src/primitives/deferred.ts";
import { sleep } from "../../../src/primitives/abort.ts";
import { LogLines } from "../consume/consume-world.ts";

describe("a shutdown", () => {
  it("runs its steps in order, whatever fails, hangs or throws, and says how each ended", async () => {
    const order: string[] = [];
    const hang = createDeferred();
    const log = new LogLines();
    const steps = await runShutdown(
      [
        { name: "first", budgetMs: 5000, run: async () => void order.push("first") },
        { name: "rejects", budgetMs: 5000, run: () => Promise.reject(new Error("no broker")) },
        {
          name: "throws",
          budgetMs: 5000,
          run: () => {
            throw "text"; // oxlint-disable-line typescript/only-throw-error -- anything may be thrown
          },
        },
        { name: "hangs", budgetMs: 10, run: () => hang.promise },
        { name: "last", budgetMs: 5000, run: async () => void order.push("last") },
      ],
      log.logger,
    );
    hang.reject(new Error("later"));
    assert.deepEqual(order, ["first", "last"]);
    assert.deepEqual(
      steps.map(({ name, outcome, error }) => [name, outcome, error]),
      [
        ["first", "ok", undefined],
        ["rejects", "failed", "no broker"],
        ["throws", "failed", "text"],
        ["hangs", "timed_out", undefined],
        ["last", "ok", undefined],
      ],
    );
    assert.ok(log.has("rejects failed") && log.has("hangs took too long"));
  });
});

describe("everyOne", () => {
  it("waits for all before it fails with the first failure", async () => {
    let isDone = false;
    const slow = sleep(20).then(() => (isDone = true));
    await assert.rejects(
      everyOne([Promise.reject(new Error("a")), slow, Promise.reject(new Error("b"))]),
      /^Error: a$/,
    );
    assert.ok(isDone);
    assert.deepEqual(await everyOne([Promise.resolve(1), Promise.resolve(2)]), [1, 2]);
  });
});
