/** Guarantee 4: order per key within a process, also across retries; keys don't wait for each other. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { createJobWorld, jobs } from "../support/job-world.ts";
import { reconcile } from "../support/oracle.ts";
import { until } from "../support/until.ts";
import type { Run } from "./fixtures/jobs-domain.ts";

function keyOf(n: number): string {
  return `key-${n % 16}`;
}

/** Runs of each key, as they were written down. */
function byKey(runs: readonly Run[]): ReadonlyMap<string, readonly Run[]> {
  return Map.groupBy(runs, ({ key = "" }) => key);
}

/** No run of a key begins before the one before it is over, and numbers never go back. */
function assertInOrder(runs: readonly Run[]): void {
  for (const [key, ofKey] of byKey(runs)) {
    let running: number | null = null;
    let last = -1;
    for (const { what, n } of ofKey) {
      if (what === "start") {
        assert.equal(running, null, `${key}: ${n} began while ${running} ran`);
        assert.ok(n >= last, `${key}: ${n} came after ${last}`);
        running = n;
        last = n;
      } else {
        assert.equal(running, n, `${key}: ${n} ended, and did not run`);
        running = null;
      }
    }
  }
}

test("16 keys under load with one message in ten failing: each key's messages run one by one, in order, retries included", async () => {
  const world = await createJobWorld({
    settings: { claim_idle_ms: 30_000, retry_delay_seconds: 0.05, retry_max_delay_seconds: 0.2 },
  });
  try {
    const all = jobs(1600, (n) => {
      const key = keyOf(n);
      if (n % 100 === 33) return { does: "fail", key };
      if (n % 100 < 10) return { does: "flaky", times: 1 + (n % 3), key };
      return { does: "end", ms: n % 4, key };
    });
    const failing = all.filter(({ does }) => does === "fail").map(({ n }) => n);
    world.start();
    // In portions, so that a key's messages come in many reads.
    for (let at = 0; at < all.length; at += 100) await world.publish(all.slice(at, at + 100));
    await reconcile({
      redis: world.redis,
      handler: "Worker",
      published: all.map(({ n }) => n),
      runs: world.runs,
      deadLettered: failing,
    });
    const runs = world.runs();
    assertInOrder(runs);
    const pairs = runs.filter(({ what }, at) => what === "start" && runs[at + 1]?.what === "start");
    assert.ok(pairs.length > 0, "keys ran side by side");
  } finally {
    await world.close();
  }
});

test("while a key waits out a backoff, its later messages wait behind it and the other keys go on", async () => {
  const world = await createJobWorld({
    settings: { claim_idle_ms: 30_000, retry_delay_seconds: 60, retry_max_delay_seconds: 60, max_retries: 5 },
  });
  try {
    // Full jitter over a minute: the backoffs are long beside everything else here.
    const stuck = [0, 1, 2].map((n) => ({ n, does: "flaky", times: 1, key: "stuck" }) as const);
    const others = jobs(300, (n) => ({ does: "end", key: keyOf(n) })).map((job) => ({ ...job, n: job.n + 3 }));
    world.start();
    await world.publish([...stuck, ...others]);
    await until(
      "the other keys are done",
      () => world.runs().filter(({ what }) => what === "end").length >= others.length,
    );
    const ofStuck = world.runs().filter(({ key }) => key === "stuck");
    assert.deepEqual(
      ofStuck.slice(0, 2).map(({ what, n }) => [what, n]),
      [
        ["start", 0],
        ["failed", 0],
      ],
    );
    assert.ok(ofStuck.length < 12, "its backoffs were still on when the others were done");
    assertInOrder(world.runs());
  } finally {
    await world.close();
  }
});
