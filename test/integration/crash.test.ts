/** Guarantees 1 and 2: `kill -9` loses nothing, and attempts survive it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { historyKey } from "../../src/message/names.ts";
import { createJobWorld, jobs, STREAM } from "../support/job-world.ts";
import { jobOf, reconcile } from "../support/oracle.ts";
import { until } from "../support/until.ts";
import type { Run } from "./fixtures/jobs-domain.ts";

const KILLS = 8;
const JOBS_PER_KILL = 200;

function attemptsOf(runs: readonly Run[], n: number): number[] {
  return runs.filter((run) => run.what === "start" && run.n === n).map(({ attempt }) => attempt);
}

test("two workers killed in turn, again and again under load, lose no message and forget no attempt", async () => {
  const world = await createJobWorld({ settings: { claim_idle_ms: 2000, max_retries: 3 } });
  try {
    const all = jobs(KILLS * JOBS_PER_KILL, (n) => {
      if (n % 40 === 7) return { does: "fail", ms: 5 };
      if (n % 40 === 23) return { does: "flaky", times: 2, ms: 5 };
      return { does: "end", ms: 15 };
    });
    const workers = [world.start(), world.start()];
    const killed = new Set<number>();
    await Promise.all(workers.map((worker) => worker.running()));
    for (let kill = 0; kill < KILLS; kill += 1) {
      const before = world.runs().length;
      await world.publish(all.slice(kill * JOBS_PER_KILL, (kill + 1) * JOBS_PER_KILL));
      await until("the load is in the middle", () => world.runs().length > before + JOBS_PER_KILL / 2, { everyMs: 2 });
      const victim = workers.shift();
      if (victim) {
        killed.add(victim.pid);
        await victim.end();
      }
      workers.push(world.start());
    }
    const failing = all.filter(({ does }) => does === "fail").map(({ n }) => n);
    const { letters, repeated } = await reconcile({
      redis: world.redis,
      handler: "Worker",
      published: all.map(({ n }) => n),
      runs: world.runs,
      deadLettered: failing,
    });

    const runs = world.runs();
    for (const letter of letters) {
      const n = jobOf(letter);
      const attempts = attemptsOf(runs, n);
      const failures = runs.filter((run) => run.what === "failed" && run.n === n).length;
      assert.equal(letter.failure.reason, "retries_exhausted", `job ${n}: its failures are told from crashes`);
      assert.ok(failures >= 4, `job ${n} failed ${failures} times: every retry was made`);
      assert.deepEqual(
        attempts,
        [...new Set(attempts)].toSorted((a, b) => a - b),
        `job ${n}: attempts only grow`,
      );
      // It may have been in the hands of a worker that was killed before its first run.
      assert.ok((attempts[0] ?? 0) <= 2, `job ${n} began at attempt ${attempts[0]}`);
      assert.equal(letter.failure.attempts, attempts.at(-1), `job ${n}: the dead letter counts every attempt`);
    }
    for (const n of repeated.keys()) {
      const ends = runs.filter((run) => run.what === "end" && run.n === n);
      const byLiving = ends.filter(({ pid }) => !killed.has(pid)).length;
      assert.ok(byLiving <= 1, `job ${n} was handled again although nobody that handled it was killed`);
    }
    assert.equal(killed.size, KILLS);
  } finally {
    await world.close();
  }
});

test("a failing message whose worker is killed after every failure gets its retries, no more and no fewer", async () => {
  const maxRetries = 3;
  const world = await createJobWorld({
    settings: { max_retries: maxRetries, retry_delay_seconds: 0.5, retry_max_delay_seconds: 0.5 },
  });
  try {
    const [entryId = ""] = await world.publish([{ n: 0, does: "fail" }]);
    const history = historyKey(STREAM, "shop.Worker", "main");
    for (let failures = 1; failures <= maxRetries; failures += 1) {
      const worker = world.start();
      await until(
        `failure ${failures} is recorded`,
        async () => {
          return ((await world.redis.hget(history, entryId)) ?? "").startsWith(`${failures},`);
        },
        { everyMs: 1 },
      );
      await worker.end();
    }
    world.start();
    const { letters } = await reconcile({
      redis: world.redis,
      handler: "Worker",
      published: [0],
      runs: world.runs,
      deadLettered: [0],
    });
    const failed = world.runs().filter(({ what }) => what === "failed");
    const failure = letters[0]?.failure;
    assert.equal(failure?.reason, "retries_exhausted");
    assert.equal(failed.length, maxRetries + 1, "runs that failed");
    assert.equal(failure?.attempts, attemptsOf(world.runs(), 0).at(-1));
    assert.ok(
      Date.parse(failure?.firstFailedAt ?? "") < Date.parse(failure?.deadLetteredAt ?? ""),
      "the first failure's time survives",
    );
  } finally {
    await world.close();
  }
});

test("a crash with nothing wrong in a message costs it one attempt and no retry", async () => {
  const world = await createJobWorld({ settings: { max_retries: 0 } });
  try {
    await world.publish([{ n: 0, does: "heed", ms: 1500 }]);
    const worker = world.start();
    await until("it runs", () => world.runs().length > 0);
    await worker.end();
    world.start();
    await reconcile({ redis: world.redis, handler: "Worker", published: [0], runs: world.runs, deadLettered: [] });
    assert.deepEqual(attemptsOf(world.runs(), 0), [1, 2]);
  } finally {
    await world.close();
  }
});
