import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { pino } from "pino";
import { installCrashGuards, installStopSignals } from "../../../src/lifecycle/signals.ts";
import { createDeferred } from "../../../src/primitives/deferred.ts";
import { FakeHost, Sink } from "../cli/cli-world.ts";

describe("installStopSignals", () => {
  it("stops at the first signal and exits at once at the second, with 128 + n", () => {
    const host = new FakeHost();
    const seen: string[] = [];
    installStopSignals((signal) => seen.push(signal), host);
    host.emit("SIGHUP");
    assert.deepEqual([seen, host.exits], [["SIGHUP"], []]);
    host.emit("SIGTERM");
    assert.deepEqual(host.exits, [143]);
  });

  it("leaves no listener behind", () => {
    const host = new FakeHost();
    installStopSignals(() => undefined, host)();
    assert.deepEqual(host.eventNames(), []);
  });
});

describe("installCrashGuards", () => {
  it("logs an uncaught error as fatal, stops, and exits with 1", async () => {
    const host = new FakeHost();
    const sink = new Sink();
    const stopped = createDeferred();
    installCrashGuards({ log: pino(sink), stop: async () => stopped.resolve(), isFinished: () => false }, host);
    host.emit("uncaughtException", new Error("boom"));
    await stopped.promise;
    await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(host.exits, [1]);
    assert.match(sink.text, /"level":60.*boom/);
  });

  it("does not wait longer than the grace for a stop that hangs", async () => {
    const host = new FakeHost();
    const exited = createDeferred<number>();
    host.exit = (code) => exited.resolve(code);
    const stop = (): Promise<void> => new Promise(() => undefined);
    installCrashGuards({ log: pino(new Sink()), stop, isFinished: () => false, graceMs: 20 }, host);
    host.emit("unhandledRejection", "no error at all");
    assert.equal(await exited.promise, 1);
  });

  it("turns an exit with 0 into 1 while the engine still runs, and only then", () => {
    const host = new FakeHost();
    let isFinished = false;
    const sink = new Sink();
    installCrashGuards({ log: pino(sink), stop: async () => undefined, isFinished: () => isFinished }, host);
    host.emit("exit", 130);
    assert.equal(host.exitCode, undefined);
    host.emit("exit", 0);
    assert.equal(host.exitCode, 1);
    assert.match(sink.text, /process\.exit\(\)/);
    host.exitCode = 0;
    isFinished = true;
    host.emit("exit", 0);
    assert.equal(host.exitCode, 0);
  });
});
