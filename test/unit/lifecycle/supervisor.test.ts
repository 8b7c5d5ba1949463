import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { pino } from "pino";
import { createSupervisor, type SupervisorOptions, type WorkerExit } from "../../../src/lifecycle/supervisor.ts";
import { createDeferred } from "../../../src/primitives/deferred.ts";
import { until } from "../../support/until.ts";

const log = pino({ level: "silent" });

/** Worker processes that end when a test says so. */
function createFakeWorkers() {
  const started: { index: number; end: (exit: WorkerExit) => void; killedWith: string[] }[] = [];
  return {
    started,
    spawn(index: number) {
      const exited = createDeferred<WorkerExit>();
      const worker = { index, end: exited.resolve, killedWith: [] as string[] };
      started.push(worker);
      return {
        pid: 1000 + started.length,
        exited: exited.promise,
        kill(signal: "SIGTERM" | "SIGKILL") {
          worker.killedWith.push(signal);
          exited.resolve({ code: signal === "SIGTERM" ? 0 : null, signal: signal === "SIGTERM" ? null : signal });
        },
      };
    },
  };
}

function setUp(extra: Partial<SupervisorOptions> = {}) {
  const workers = createFakeWorkers();
  const supervisor = createSupervisor({
    workers: 2,
    spawn: workers.spawn,
    log,
    stopTimeoutMs: 1000,
    isUntilIdle: false,
    isReloading: false,
    ...extra,
  });
  const stop = new AbortController();
  return { workers, supervisor, stop, code: supervisor.run(stop.signal) };
}

describe("a supervisor", () => {
  it("starts every worker, and stops them with SIGTERM when it is told to", async () => {
    const { workers, stop, code } = setUp();
    assert.deepEqual(
      workers.started.map((worker) => worker.index),
      [0, 1],
    );
    stop.abort();
    assert.equal(await code, 0);
    assert.deepEqual(
      workers.started.map((worker) => worker.killedWith),
      [["SIGTERM"], ["SIGTERM"]],
    );
  });

  it("starts a worker again after it died, and leaves the others alone", async () => {
    const { workers, stop, code } = setUp();
    workers.started[1]?.end({ code: null, signal: "SIGKILL" });
    await until("it happens", () => workers.started.length === 3, { limitMs: 5000 });
    assert.equal(workers.started[2]?.index, 1);
    assert.deepEqual(workers.started[0]?.killedWith, []);
    stop.abort();
    assert.equal(await code, 0);
  });

  it("restarts nothing when a worker finds its configuration at fault: exit code 2", async () => {
    const { workers, code } = setUp();
    workers.started[0]?.end({ code: 2, signal: null });
    assert.equal(await code, 2);
    assert.equal(workers.started.length, 2);
    assert.deepEqual(workers.started[1]?.killedWith, ["SIGTERM"]);
  });

  it("gives up on a crash loop: exit code 1", async (t) => {
    t.mock.timers.enable({ apis: ["setTimeout"] });
    const { workers, code } = setUp({ workers: 1 });
    let ended: number | null = null;
    void code.then((result) => (ended = result));
    for (let crash = 0; crash < 6 && ended === null; crash += 1) {
      const count = workers.started.length;
      workers.started.at(-1)?.end({ code: 134, signal: null });
      for (let turn = 0; turn < 20 && workers.started.length === count && ended === null; turn += 1) {
        await new Promise((resolve) => setImmediate(resolve));
        t.mock.timers.tick(30_000);
      }
    }
    assert.equal(await code, 1);
    assert.equal(workers.started.length, 6);
  });

  it("ends with 0 once every worker has drained", async () => {
    const { workers, code } = setUp({ isUntilIdle: true });
    for (const worker of workers.started) worker.end({ code: 0, signal: null });
    assert.equal(await code, 0);
    assert.equal(workers.started.length, 2);
  });

  it("starts a worker again at once on a reload, and after a fault waits for the next change", async () => {
    const { workers, supervisor, stop, code } = setUp({ workers: 1, isReloading: true });
    supervisor.restart(0);
    await until("it happens", () => workers.started.length === 2, { limitMs: 5000 });
    workers.started[1]?.end({ code: 2, signal: null });
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(workers.started.length, 2);
    supervisor.restart(0);
    await until("it happens", () => workers.started.length === 3, { limitMs: 5000 });
    stop.abort();
    assert.equal(await code, 0);
  });
});
