/* oxlint-disable unicorn/no-thenable, typescript/only-throw-error -- handlers return thenables of any kind, and throw anything */
import assert from "node:assert/strict";
import { afterEach, describe, it, mock } from "node:test";
import { createDispatcher, InterruptedError, type Dispatcher } from "../../../src/consume/dispatch.ts";
import type { Result } from "../../../src/consume/decide.ts";
import type { Held } from "../../../src/consume/held.ts";
import { currentContext } from "../../../src/consume/current-context.ts";
import { defineHandler, on } from "../../../src/domain/define-handler.ts";
import { Domain } from "../../../src/domain/domain.ts";
import type { HandlerContext } from "../../../src/domain/handler-context.ts";
import { HandlerTimeoutError, InvalidMessageError } from "../../../src/errors.ts";
import { createDeferred } from "../../../src/primitives/deferred.ts";
import { sleep } from "../../../src/primitives/abort.ts";
import { heldWith, LogLines, messageWith, Placed, STREAM, type Handle } from "./consume-world.ts";

afterEach(() => mock.timers.reset());

interface Bench {
  readonly dispatcher: Dispatcher;
  readonly held: Held;
  readonly log: LogLines;
  run(): Promise<Result>;
}

function benchOf(handle: Handle, timeoutMs = 0): Bench {
  const domain = new Domain("shop").register(defineHandler({ name: "Audit", stream: STREAM }, on(Placed, handle)));
  const [model] = domain.model.subscriptions;
  assert.ok(model);
  const log = new LogLines();
  const prepare = (): { stream: string; fields: string[] } => ({ stream: "raised", fields: ["event", "{}"] });
  const dispatcher = createDispatcher({
    model,
    methods: model.createMethods(),
    timeoutMs,
    scope: { subscription: model.name, log: log.logger, prepare },
  });
  const held = heldWith();
  const message = messageWith("k");
  return {
    dispatcher,
    held,
    log,
    run: async () => dispatcher.handle(dispatcher.dispatch(message), message, held),
  };
}

const kindOf = async (handle: Handle): Promise<string> => (await benchOf(handle).run()).kind;

describe("a handler's end", () => {
  it("is success whether it is synchronous, asynchronous or a thenable", async () => {
    assert.equal(await kindOf(() => undefined), "succeeded");
    assert.equal(await kindOf(async () => undefined), "succeeded");
    assert.equal(await kindOf(() => ({ then: (resolve: () => void) => resolve() })), "succeeded");
    assert.equal(await kindOf(() => Object.assign(() => 0, { then: (resolve: () => void) => resolve() })), "succeeded");
    assert.equal(await kindOf(() => ({ then: "not a function" })), "succeeded");
  });

  it("is failure whatever throws: the call, the promise, the thenable, its getter", async () => {
    assert.equal(
      await kindOf(() => {
        throw undefined;
      }),
      "failed",
    );
    assert.equal(await kindOf(async () => Promise.reject(new Error("x"))), "failed");
    assert.equal(
      await kindOf(() => ({
        then() {
          throw new Error("x");
        },
      })),
      "failed",
    );
    assert.equal(
      await kindOf(() => ({
        get then() {
          throw new Error("x");
        },
      })),
      "failed",
    );
    assert.equal(
      await kindOf(() => ({
        then(resolve: () => void, reject: (e: unknown) => void) {
          reject("first");
          resolve();
        },
      })),
      "failed",
    );
  });

  it("leaves nothing running behind", async () => {
    const bench = benchOf(
      () => ({
        then() {
          throw new Error("x");
        },
      }),
      1000,
    );
    await bench.run();
    assert.equal(bench.held.running, null);
    bench.dispatcher.close();
  });

  it("of a type without a method is unhandled, and of data that does not fit is a throw", () => {
    const { dispatcher } = benchOf(() => undefined);
    assert.equal(dispatcher.dispatch({ ...messageWith("k"), type: "Other" }), null);
    assert.deepEqual(dispatcher.handle(null, messageWith("k"), heldWith()), { kind: "unhandled" });
    assert.throws(() => dispatcher.dispatch({ ...messageWith("k"), data: 5 }), InvalidMessageError);
  });

  it("gives what it published, and what it publishes later is logged, not published", async () => {
    let late: HandlerContext | undefined;
    const bench = benchOf(async (_event, context) => {
      late = context;
      context.publish(new Placed({ id: "1" }));
    });
    const result = await bench.run();
    late?.publish(new Placed({ id: "2" }));
    assert.equal(result.kind === "succeeded" && result.raised.length, 1);
    assert.ok(bench.log.has("after the handler had ended"));
  });
});

describe("a handler's context", () => {
  it("counts failures and crashes into the attempt, and is reachable without being passed", async () => {
    let seen: HandlerContext | undefined;
    const bench = benchOf(async () => {
      await Promise.resolve();
      seen = currentContext();
    });
    bench.held.delivery = {
      ...bench.held.delivery,
      history: { failures: 2, crashes: 1, isCrashProven: false, delayMs: 0 },
    };
    await bench.run();
    assert.deepEqual([seen?.attempt, seen?.subscription, seen?.message.entryId], [4, "shop.Audit", "1-0"]);
    assert.equal(currentContext(), undefined);
  });
});

describe("a handler that is interrupted", () => {
  it("after its time is up fails with the timeout, which is its signal's reason", async () => {
    let reason: unknown;
    const bench = benchOf(async (_event, { signal }) => {
      await sleep(60_000, signal);
      reason = signal.reason;
      throw new Error("the abort, as the driver tells it");
    }, 20);
    const result = await bench.run();
    assert.ok(result.kind === "failed" && result.error instanceof HandlerTimeoutError);
    assert.equal(reason, result.error);
    bench.dispatcher.close();
  });

  for (const kind of ["interrupted", "lost"] as const) {
    it(`by a stop or a loss ends as ${kind}, also when it returns early because of its signal`, async () => {
      const bench = benchOf(async (_event, { signal }) => void (await sleep(60_000, signal)));
      const running = bench.run();
      bench.held.running?.interrupt(new InterruptedError(kind));
      assert.deepEqual(await running, { kind });
    });
  }

  it("has succeeded when it never looked at its signal and came to its end", async () => {
    const gate = createDeferred();
    const bench = benchOf(async () => gate.promise);
    const running = bench.run();
    bench.held.running?.interrupt(new InterruptedError("interrupted"));
    gate.resolve();
    assert.equal((await running).kind, "succeeded");
  });

  it("and looks at its signal only then finds it aborted, and does not count", async () => {
    const gate = createDeferred();
    let isAborted: boolean | undefined;
    const bench = benchOf(async (_event, context) => {
      await gate.promise;
      isAborted = context.signal.aborted;
    });
    const running = bench.run();
    bench.held.running?.interrupt(new InterruptedError("interrupted"));
    gate.resolve();
    assert.deepEqual([(await running).kind, isAborted], ["interrupted", true]);
  });

  it("and goes on regardless is given up after its grace; what it comes to later changes nothing", async () => {
    const gate = createDeferred();
    const bench = benchOf(async () => gate.promise);
    const running = bench.run();
    bench.held.running?.interrupt(new InterruptedError("interrupted"));
    assert.deepEqual(await running, { kind: "interrupted" });
    assert.equal(bench.dispatcher.abandoned, 1);
    gate.reject(new Error("too late"));
    await gate.promise.catch(() => undefined);
    assert.equal(bench.held.running, null);
    bench.dispatcher.close();
  });

  it("counts the first reason alone", async () => {
    const bench = benchOf(async (_event, { signal }) => void (await sleep(60_000, signal)));
    const running = bench.run();
    bench.held.running?.interrupt(new InterruptedError("lost"));
    bench.held.running?.interrupt(new InterruptedError("interrupted"));
    assert.deepEqual(await running, { kind: "lost" });
  });
});
