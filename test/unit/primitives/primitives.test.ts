import assert from "node:assert/strict";
import { afterEach, describe, it, mock } from "node:test";
import * as fc from "fast-check";
import { sleep, TIMED_OUT, whenAborted, withTimeout } from "../../../src/primitives/abort.ts";
import { backoffCeilingMs, backoffMs } from "../../../src/primitives/backoff.ts";
import { createDeferred } from "../../../src/primitives/deferred.ts";
import { Fifo } from "../../../src/primitives/fifo.ts";
import { createSemaphore } from "../../../src/primitives/semaphore.ts";

afterEach(() => mock.timers.reset());

describe("sleep", () => {
  it("says whether its whole time passed", async () => {
    mock.timers.enable({ apis: ["setTimeout"] });
    const stop = new AbortController();
    const whole = sleep(100, stop.signal);
    mock.timers.tick(100);
    assert.equal(await whole, true);
    const cut = sleep(100, stop.signal);
    stop.abort();
    assert.equal(await cut, false);
    assert.equal(await sleep(100, stop.signal), false);
  });

  it("leaves no listener on a signal that lives on", async () => {
    const stop = new AbortController();
    let listeners = 0;
    const { signal } = stop;
    const add = signal.addEventListener.bind(signal);
    const remove = signal.removeEventListener.bind(signal);
    signal.addEventListener = (...args: Parameters<typeof add>) => ((listeners += 1), add(...args));
    signal.removeEventListener = (...args: Parameters<typeof remove>) => ((listeners -= 1), remove(...args));
    await Promise.all(Array.from({ length: 20 }, () => sleep(1, signal)));
    assert.equal(listeners, 0);
  });
});

describe("withTimeout", () => {
  it("gives the value, the rejection, or TIMED_OUT; a rejection that comes later disturbs nobody", async () => {
    assert.equal(await withTimeout(Promise.resolve(5), 1000), 5);
    await assert.rejects(withTimeout(Promise.reject(new Error("x")), 1000), /x/);
    const late = createDeferred();
    assert.equal(await withTimeout(late.promise, 1), TIMED_OUT);
    late.reject(new Error("late"));
    await new Promise((resolve) => setImmediate(resolve));
  });
});

describe("whenAborted", () => {
  it("resolves at once on a signal that has aborted, and on the abort of one that has not", async () => {
    await whenAborted(AbortSignal.abort());
    const stop = new AbortController();
    const waiting = whenAborted(stop.signal);
    stop.abort();
    await waiting;
  });
});

describe("backoff", () => {
  it("grows twofold to its maximum, and is drawn evenly below it", () => {
    const options = { baseMs: 100, maxMs: 1000 };
    assert.deepEqual(
      [0, 1, 2, 3, 4, 5, 10_000].map((attempt) => backoffCeilingMs(attempt, options)),
      [100, 100, 200, 400, 800, 1000, 1000],
    );
    fc.assert(
      fc.property(fc.nat(100), fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (attempt, random) => {
        const delay = backoffMs(attempt, options, () => random);
        assert.ok(Number.isInteger(delay) && delay >= 0 && delay <= backoffCeilingMs(attempt, options));
      }),
    );
  });
});

describe("a fifo", () => {
  it("is an array with push and shift, whatever is done to it", () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.oneof(
            { weight: 3, arbitrary: fc.integer() },
            { weight: 2, arbitrary: fc.constant("shift") },
            fc.constant("clear"),
          ),
          { maxLength: 200 },
        ),
        (steps) => {
          const fifo = new Fifo<number>();
          let model: number[] = [];
          for (const step of steps) {
            if (step === "clear") {
              fifo.clear();
              model = [];
            } else if (step === "shift") assert.equal(fifo.shift(), model.shift());
            else {
              fifo.push(step);
              model.push(step);
            }
            assert.equal(fifo.size, model.length);
          }
        },
      ),
    );
  });

  it("keeps its order through thousands", () => {
    const fifo = new Fifo<number>();
    let next = 0;
    for (let i = 0; i < 5000; i += 1) {
      fifo.push(2 * i);
      fifo.push(2 * i + 1);
      assert.equal(fifo.shift(), next++);
    }
    while (fifo.size > 0) assert.equal(fifo.shift(), next++);
    assert.equal(next, 10_000);
  });
});

describe("a semaphore", () => {
  it("lets its permits in, the others in the order they came", async () => {
    const semaphore = createSemaphore(2);
    const order: number[] = [];
    const releases: (() => void)[] = [];
    const all = [0, 1, 2, 3].map(async (n) => {
      releases[n] = await semaphore.acquire();
      order.push(n);
    });
    await Promise.all(all.slice(0, 2));
    assert.deepEqual(order, [0, 1]);
    releases[1]?.();
    releases[1]?.();
    await all[2];
    assert.deepEqual(order, [0, 1, 2], "a permit given back twice is one permit");
    releases[0]?.();
    await all[3];
    assert.deepEqual(order, [0, 1, 2, 3]);
  });
});
