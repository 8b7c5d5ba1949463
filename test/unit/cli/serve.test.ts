import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { pino } from "pino";
import { serve } from "../../../src/cli/serve.ts";
import { loadConfig } from "../../../src/config/load.ts";
import { Domain } from "../../../src/domain/domain.ts";
import { createMemoryAdapter } from "../../../src/adapters/memory/adapter.ts";
import type { IdleResult } from "../../../src/lifecycle/when-idle.ts";
import type { Engine } from "../../../src/engine.ts";
import { EngineError } from "../../../src/errors.ts";
import type { EngineState } from "../../../src/health/status.ts";
import type { ShutdownReport } from "../../../src/lifecycle/report.ts";
import { whenAborted } from "../../../src/primitives/abort.ts";
import { createDeferred, type Deferred } from "../../../src/primitives/deferred.ts";
import { createStatus } from "../health/engine-status.ts";
import { FakeHost, Sink } from "./cli-world.ts";

interface FakeEngine extends Engine {
  readonly started: Deferred<void>;
  readonly stopped: Deferred<ShutdownReport>;
  readonly idle: Deferred<IdleResult>;
  readonly calls: string[];
}

const REPORT: ShutdownReport = {
  steps: [
    { name: "drain handlers", outcome: "ok", budgetMs: 1000, durationMs: 12 },
    { name: "broker default", outcome: "failed", budgetMs: 1000, durationMs: 3, error: "no answer" },
  ],
  durationMs: 15,
  finished: 2,
  cancelled: 0,
  released: 0,
};

function fakeEngine(): FakeEngine {
  const started = createDeferred();
  const stopped = createDeferred<ShutdownReport>();
  const idle = createDeferred<IdleResult>();
  const calls: string[] = [];
  let state: EngineState = "new";
  return {
    started,
    stopped,
    idle,
    calls,
    domain: new Domain("shop"),
    config: loadConfig({ cwd: "/", env: {} }),
    start: async () => {
      calls.push("start");
      await started.promise;
      state = "running";
    },
    stop: () => {
      calls.push("stop");
      return stopped.promise;
    },
    status: () => createStatus({ state }),
    metrics: () => [],
    whenIdle: async (signal) => {
      calls.push("whenIdle");
      const aborted = whenAborted(signal ?? new AbortController().signal).then((): IdleResult => ({ kind: "aborted" }));
      return Promise.race([idle.promise, aborted]);
    },
    pause: async () => undefined,
    resume: async () => undefined,
    runMaintenance: async () => undefined,
    healthUrl: "http://127.0.0.1:8080",
    broker: createMemoryAdapter("default"),
  };
}

function serving(isUntilIdle = false): { engine: FakeEngine; host: FakeHost; log: Sink; code: Promise<number> } {
  const engine = fakeEngine();
  const host = new FakeHost();
  const log = new Sink();
  return { engine, host, log, code: serve({ engine, log: pino(log), host, isUntilIdle }) };
}

function messages(log: Sink): string[] {
  return log.lines.map((line) => (JSON.parse(line) as { msg: string }).msg);
}

describe("serve", () => {
  it("runs until a signal, then stops, reports each step, and resolves to 0", async () => {
    const { engine, host, log, code } = serving();
    engine.started.resolve();
    await engine.started.promise;
    host.emit("SIGTERM");
    assert.ok(engine.calls.includes("stop"), "a signal stops the engine at once");
    engine.stopped.resolve(REPORT);
    assert.equal(await code, 0);
    const lines = messages(log);
    assert.ok(lines.includes("shutdown: drain handlers"));
    assert.equal(lines.at(-1), "engine stopped");
    assert.deepEqual(host.eventNames(), []);
  });

  it("tells what runs once it is started", async () => {
    const { engine, host, log, code } = serving();
    engine.started.resolve();
    await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(messages(log), ["shop.AuditHandler reads order", "engine running: shop, 1 subscription"]);
    host.emit("SIGINT");
    engine.stopped.resolve(REPORT);
    await code;
  });

  it("resolves to 3 when handlers were cut off at the deadline", async () => {
    const { engine, host, log, code } = serving();
    engine.started.resolve();
    host.emit("SIGINT");
    engine.stopped.resolve({ ...REPORT, cancelled: 2, released: 2 });
    assert.equal(await code, 3);
    assert.match(messages(log).at(-1) ?? "", /handlers cut off.*: 2$/);
  });

  it("exits at once at a second signal", async () => {
    const { engine, host, code } = serving();
    engine.started.resolve();
    host.emit("SIGTERM");
    host.emit("SIGINT");
    assert.deepEqual(host.exits, [130]);
    engine.stopped.resolve(REPORT);
    await code;
  });

  it("ends a start that a signal interrupts, without an error", async () => {
    const { engine, host, code } = serving();
    host.emit("SIGTERM");
    engine.started.reject(new EngineError("ENGINE_BROKER_UNAVAILABLE", "start aborted"));
    engine.stopped.resolve(REPORT);
    assert.equal(await code, 0);
  });

  it("rejects when the engine cannot start: it has closed everything itself", async () => {
    const { engine, host, code } = serving();
    engine.started.reject(new EngineError("ENGINE_BROKER_UNAVAILABLE", "cannot reach it"));
    await assert.rejects(code, { code: "ENGINE_BROKER_UNAVAILABLE" });
    assert.deepEqual(engine.calls, ["start"]);
    assert.deepEqual(host.eventNames(), []);
  });

  it("stops by itself under --until-idle, with 0 when drained", async () => {
    const { engine, code } = serving(true);
    engine.started.resolve();
    engine.idle.resolve({ kind: "drained" });
    engine.stopped.resolve(REPORT);
    assert.equal(await code, 0);
  });

  it("resolves to 1 under --until-idle when a circuit breaker stands in the way", async () => {
    const { engine, log, code } = serving(true);
    engine.started.resolve();
    engine.idle.resolve({ kind: "circuit_open", subscriptions: ["shop.Mail"] });
    engine.stopped.resolve(REPORT);
    assert.equal(await code, 1);
    assert.ok(messages(log).some((line) => /not drained: the circuit breaker is open for shop\.Mail/.test(line)));
  });

  it("resolves to 1 under --until-idle when a pause stands in the way, and says how to end it", async () => {
    const { engine, log, code } = serving(true);
    engine.started.resolve();
    engine.idle.resolve({ kind: "paused", subscriptions: ["shop.Mail"] });
    engine.stopped.resolve(REPORT);
    assert.equal(await code, 1);
    assert.ok(
      messages(log).some((line) => /not drained: paused: shop\.Mail; `engine subscriptions resume`/.test(line)),
    );
  });

  it("stops and exits with 1 when an error goes uncaught", async () => {
    const { engine, host, code } = serving();
    const exited = createDeferred<number>();
    host.exit = (exitCode) => exited.resolve(exitCode);
    engine.started.resolve();
    host.emit("uncaughtException", new Error("boom"));
    engine.stopped.resolve(REPORT);
    assert.equal(await exited.promise, 1);
    host.emit("SIGTERM");
    await code;
  });
});
