/** Guarantee 2: a graceful hand-over counts as nothing, and nothing waits for a lease. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { createJobWorld, jobs } from "../support/job-world.ts";
import { reconcile } from "../support/oracle.ts";
import { until } from "../support/until.ts";

const RESTARTS = 5;
const JOBS = 600;

test("a rolling restart under load counts no attempt, repeats no run, and leaves nothing to wait for a lease", async () => {
  // The lease is far longer than the test may take: had anything to wait for it, the test would fail.
  const world = await createJobWorld({
    settings: { claim_idle_ms: 600_000, concurrency: 8 },
    shutdownTimeoutSeconds: 20,
  });
  try {
    const all = jobs(JOBS, (n) => ({ does: "end", ms: 40, key: `key-${n % 30}` }));
    const workers = [world.start(), world.start()];
    await Promise.all(workers.map((worker) => worker.running()));
    await world.publish(all);
    for (let restart = 0; restart < RESTARTS; restart += 1) {
      const target = world.runs().length + 20;
      await until("it goes on", () => world.runs().length >= target || world.runs().length >= 2 * JOBS, { everyMs: 5 });
      const old = workers.shift();
      old?.kill("SIGTERM");
      const successor = world.start();
      workers.push(successor);
      assert.deepEqual(await old?.exited, { code: 0, signal: null });
      await successor.running();
    }
    const { repeated } = await reconcile({
      redis: world.redis,
      handler: "Worker",
      published: all.map(({ n }) => n),
      runs: world.runs,
      deadLettered: [],
    });
    assert.equal(repeated.size, 0, "no second run");
    const starts = world.runs().filter(({ what }) => what === "start");
    assert.equal(starts.length, JOBS);
    assert.deepEqual(
      starts.filter(({ attempt }) => attempt !== 1),
      [],
      "no attempt counted",
    );
  } finally {
    await world.close();
  }
});

test("a message that waits for its retry is handed over with its failures and the rest of its backoff", async () => {
  const world = await createJobWorld({
    settings: { claim_idle_ms: 600_000, retry_delay_seconds: 0.1, retry_max_delay_seconds: 0.1, max_retries: 2 },
  });
  try {
    await world.publish([{ n: 0, does: "fail" }]);
    for (let restart = 0; restart < 2; restart += 1) {
      const worker = world.start();
      const failures = world.runs().length / 2 + 1;
      await until(
        "it failed once more",
        () => world.runs().filter(({ what }) => what === "failed").length >= failures,
        { everyMs: 1 },
      );
      worker.kill("SIGTERM");
      assert.deepEqual(await worker.exited, { code: 0, signal: null });
    }
    world.start();
    const { letters } = await reconcile({
      redis: world.redis,
      handler: "Worker",
      published: [0],
      runs: world.runs,
      deadLettered: [0],
    });
    assert.equal(letters[0]?.failure.attempts, 3);
    const attempts = world
      .runs()
      .filter(({ what }) => what === "start")
      .map(({ attempt }) => attempt);
    assert.deepEqual(attempts, [1, 2, 3]);
  } finally {
    await world.close();
  }
});
