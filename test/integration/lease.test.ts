/** Leases: renewed while a message is held, taken over when their holder is silent, fenced when it wakes up. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { createJobWorld, type JobData, type JobWorld } from "../support/job-world.ts";
import { lettersOf, reconcile, whenSettled } from "../support/oracle.ts";
import { until } from "../support/until.ts";
import type { WorkerProcess } from "../support/worker-process.ts";
import type { Run } from "./fixtures/jobs-domain.ts";

/** What `fixtures/engine-process.ts` reports. */
interface Report {
  readonly succeeded: number;
  readonly failed: number;
  readonly fenced: number;
  readonly deadLettered: number;
  readonly abandoned: number;
  readonly held: number;
}

const ENDS_AFTER_MS = 3000;

function reportOf(worker: WorkerProcess): Report | null {
  return worker.report() as Report | null;
}

function starts(world: JobWorld): Run[] {
  return world.runs().filter(({ what }) => what === "start");
}

test("a handler far longer than the lease runs once beside an idle worker, also through a drain", async () => {
  const world = await createJobWorld({ settings: { claim_idle_ms: 1000 }, shutdownTimeoutSeconds: 30 });
  try {
    await world.publish([{ n: 0, does: "end", ms: 7000 }]);
    const worker = world.start();
    await until("it runs", () => starts(world).length === 1);
    const other = world.start();
    await other.running();
    // The rest of the run, six leases long, is a drain.
    worker.kill("SIGTERM");
    assert.deepEqual(await worker.exited, { code: 0, signal: null });
    await whenSettled(world.redis, "Worker");
    assert.deepEqual(
      world.runs().map(({ what, pid }) => [what, pid]),
      [
        ["start", worker.pid],
        ["end", worker.pid],
      ],
    );
  } finally {
    await world.close();
  }
});

test("a worker frozen past its lease loses its messages; thawed, it settles none of them and aborts what runs", async () => {
  const world = await createJobWorld({ settings: { claim_idle_ms: 1000, max_retries: 0 } });
  try {
    // The first is over by the time of the thaw; the second would go on, and fail for good, were the zombie to decide.
    const all: JobData[] = [
      { n: 0, does: "end", ms: ENDS_AFTER_MS },
      { n: 1, does: "heed", ms: 6000 },
    ];
    const zombie = world.start({ program: "engine-process" });
    await world.publish(all);
    await until("the first worker runs both", () => starts(world).length === 2, { everyMs: 1 });
    const startedMs = performance.now();
    zombie.kill("SIGSTOP");
    const heir = world.start({ program: "engine-process" });
    await until("the second worker took over, and the first one's handler is due", () => {
      return starts(world).some(({ pid }) => pid === heir.pid) && performance.now() - startedMs > ENDS_AFTER_MS;
    });
    zombie.kill("SIGCONT");

    const aborted = await until("the zombie's other handler was aborted", () => {
      return world.runs().find(({ pid, what }) => pid === zombie.pid && what === "aborted");
    });
    assert.deepEqual([aborted.n, aborted.reason], [1, "InterruptedError"]);
    const report = await until(
      "the zombie's settlements were fenced",
      () => {
        const latest = reportOf(zombie);
        return latest !== null && latest.fenced >= 2 && latest;
      },
      { state: () => zombie.report() },
    );
    assert.deepEqual({ failed: report.failed, deadLettered: report.deadLettered }, { failed: 0, deadLettered: 0 });
    await reconcile({ redis: world.redis, handler: "Worker", published: [0, 1], runs: world.runs, deadLettered: [] });
    const byHeir = world.runs().filter(({ pid, what }) => pid === heir.pid && what === "end");
    assert.deepEqual(
      byHeir.map(({ n, attempt }) => [n, attempt]),
      [
        [0, 2],
        [1, 2],
      ],
      "it was the holder's to handle both",
    );
    assert.equal(reportOf(heir)?.fenced, 0);
  } finally {
    await world.close();
  }
});

test("a handler that outruns its timeout is aborted, counts as failed, and is dead-lettered as HandlerTimeoutError", async () => {
  const world = await createJobWorld({ settings: { handler_timeout_seconds: 0.5, max_retries: 1 } });
  try {
    await world.publish([{ n: 0, does: "heed", ms: 60_000 }]);
    world.start();
    const { letters } = await reconcile({
      redis: world.redis,
      handler: "Worker",
      published: [0],
      runs: world.runs,
      deadLettered: [0],
    });
    assert.equal(letters[0]?.failure.reason, "retries_exhausted");
    assert.equal(letters[0]?.failure.error.name, "HandlerTimeoutError");
    assert.equal(letters[0]?.failure.attempts, 2);
    const aborted = world.runs().filter(({ what }) => what === "aborted");
    assert.deepEqual(
      aborted.map(({ attempt, reason }) => [attempt, reason]),
      [
        [1, "HandlerTimeoutError"],
        [2, "HandlerTimeoutError"],
      ],
    );
  } finally {
    await world.close();
  }
});

test("a handler that ignores its signal loses its place to the next message, and its late end changes nothing", async () => {
  const world = await createJobWorld({ settings: { handler_timeout_seconds: 0.3, max_retries: 0, concurrency: 1 } });
  try {
    const worker = world.start({ program: "engine-process" });
    // With one place only, the second message runs when the first has lost its.
    await world.publish([
      { n: 0, does: "ignore", ms: 6000 },
      { n: 1, does: "end" },
    ]);
    await until("the second message was handled", () => world.runs().some(({ n, what }) => n === 1 && what === "end"));
    assert.equal(
      world.runs().some(({ n, what }) => n === 0 && what === "end"),
      false,
      "the first one still runs",
    );
    const [letter] = await until("the first is a dead letter", async () => {
      const letters = await lettersOf(world.redis, "Worker");
      return letters.length > 0 && letters;
    });
    assert.equal(letter?.failure.error.name, "HandlerTimeoutError");
    await until("the first one's late end", () => world.runs().some(({ n, what }) => n === 0 && what === "end"));
    await whenSettled(world.redis, "Worker");
    const report = await until("the counts are in", () => reportOf(worker));
    assert.deepEqual(
      {
        succeeded: report.succeeded,
        failed: report.failed,
        deadLettered: report.deadLettered,
        abandoned: report.abandoned,
      },
      { succeeded: 1, failed: 1, deadLettered: 1, abandoned: 1 },
    );
    assert.equal((await lettersOf(world.redis, "Worker")).length, 1);
  } finally {
    await world.close();
  }
});
