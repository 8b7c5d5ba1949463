import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createBlockedLoop } from "../../../src/lifecycle/blocked-loop.ts";

const OPTIONS = { stepMs: 250, reportAfterMs: 1000, abortAfterMs: 2000 };

function kindsOf(turns: readonly number[], options = OPTIONS): string[] {
  const loop = createBlockedLoop(options);
  return turns.map((count) => loop.step(count).kind);
}

describe("the judgement on a loop", () => {
  it("is nothing while the loop turns, however slowly", () => {
    assert.deepEqual(new Set(kindsOf([1, 2, 2, 3, 3, 3, 4, 4, 4, 4, 5])), new Set(["nothing"]));
  });

  it("reports once, and that it turns again with how long it had not", () => {
    const loop = createBlockedLoop(OPTIONS);
    const verdicts = [1, 1, 1, 1, 1, 1, 2].map((turns) => loop.step(turns));
    assert.deepEqual(verdicts.slice(4), [
      { kind: "blocked", blockedMs: 1000 },
      { kind: "nothing" },
      { kind: "turns_again", blockedMs: 1250 },
    ]);
  });

  it("aborts at its limit, and never where that is 0", () => {
    const still = Array.from({ length: 9 }, () => 7);
    assert.equal(kindsOf(still).at(-1), "abort");
    assert.ok(
      !kindsOf(
        Array.from({ length: 10_000 }, () => 7),
        { ...OPTIONS, abortAfterMs: 0 },
      ).includes("abort"),
    );
  });

  it("aborts once: who cannot be ended is not told again and again", () => {
    const kinds = kindsOf(Array.from({ length: 100 }, () => 7));
    assert.equal(kinds.filter((kind) => kind === "abort").length, 1);
  });

  it("begins anew after a turn", () => {
    assert.ok(!kindsOf([1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2]).includes("abort"));
  });
});
