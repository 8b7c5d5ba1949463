/** Section 7: a stop finishes what runs, hands back what does not, and tells the truth in its exit code. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { createJobWorld, jobs } from "../support/job-world.ts";
import { lettersOf, reconcile } from "../support/oracle.ts";
import { until } from "../support/until.ts";

test("an idle worker ends with 0 on SIGTERM, SIGINT and SIGHUP, without waiting for its blocked read", async () => {
  const world = await createJobWorld({ settings: { blocking_timeout_ms: 60_000 } });
  try {
    for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) {
      const worker = world.start();
      await worker.running();
      const signalledMs = performance.now();
      worker.kill(signal);
      assert.deepEqual(await worker.exited, { code: 0, signal: null }, signal);
      assert.ok(performance.now() - signalledMs < 10_000, `${signal}: it waited for something`);
    }
  } finally {
    await world.close();
  }
});

test("SIGTERM with 50 handlers in flight: all of them finish, once, nothing new begins, and nothing counts as failed", async () => {
  const world = await createJobWorld({
    settings: { concurrency: 50, claim_idle_ms: 600_000 },
    shutdownTimeoutSeconds: 20,
  });
  try {
    const all = jobs(70, (n) => ({ does: "end", ms: n < 50 ? 2000 : 0 }));
    await world.publish(all.slice(0, 50));
    const worker = world.start();
    await until("all 50 run", () => world.runs().length === 50);
    worker.kill("SIGTERM");
    await worker.logged(/shutting down/);
    await world.publish(all.slice(50));
    assert.deepEqual(await worker.exited, { code: 0, signal: null });
    assert.equal(world.runs().filter(({ what }) => what === "end").length, 50);
    assert.deepEqual(
      worker.log.filter(({ level }) => level === "error" || level === "fatal"),
      [],
    );

    world.start();
    const { repeated } = await reconcile({
      redis: world.redis,
      handler: "Worker",
      published: all.map(({ n }) => n),
      runs: world.runs,
      deadLettered: [],
    });
    assert.equal(repeated.size, 0, "no second run");
    const starts = world.runs().filter(({ what }) => what === "start");
    assert.deepEqual(
      starts.filter(({ attempt }) => attempt !== 1),
      [],
    );
    assert.equal(starts.length, 70);
  } finally {
    await world.close();
  }
});

test("handlers that outlast the shutdown are aborted: exit 3, and another worker takes their messages at once, uncounted", async () => {
  const world = await createJobWorld({
    // A lease far longer than the test: what is found before it ends was handed over.
    settings: { claim_idle_ms: 600_000, concurrency: 4 },
    shutdownTimeoutSeconds: 1,
  });
  try {
    const all = jobs(10, (n) => ({ does: n < 2 ? "heed" : "end", ms: n < 2 ? 30_000 : 10 }));
    await world.publish(all.slice(0, 2));
    const worker = world.start();
    await until("both run", () => world.runs().length === 2);
    worker.kill("SIGTERM");
    assert.deepEqual(await worker.exited, { code: 3, signal: null });
    assert.deepEqual(
      world
        .runs()
        .filter(({ what }) => what === "aborted")
        .map(({ reason }) => reason),
      ["InterruptedError", "InterruptedError"],
    );

    const heir = world.start();
    await until(
      "the other worker runs both",
      () => world.runs().filter(({ pid, what }) => pid === heir.pid && what === "start").length === 2,
    );
    const attempts = world
      .runs()
      .filter(({ what }) => what === "start")
      .map(({ attempt }) => attempt);
    assert.deepEqual(attempts, [1, 1, 1, 1], "a hand-over is neither a failure nor a crash");
    assert.equal((await lettersOf(world.redis, "Worker")).length, 0);
  } finally {
    await world.close();
  }
});

test("a handler that ignores its signal cannot hold up the end, and its message is handed over all the same", async () => {
  const world = await createJobWorld({ settings: { claim_idle_ms: 600_000 }, shutdownTimeoutSeconds: 0.5 });
  try {
    await world.publish([{ n: 0, does: "ignore", ms: 60_000 }]);
    const worker = world.start();
    await until("it runs", () => world.runs().length === 1);
    const signalledMs = performance.now();
    worker.kill("SIGTERM");
    assert.deepEqual(await worker.exited, { code: 3, signal: null });
    assert.ok(performance.now() - signalledMs < 20_000, "it waited for the handler");
    world.start();
    const second = await until("another worker runs it", () => world.runs().find(({ pid }) => pid !== worker.pid));
    assert.equal(second.attempt, 1);
  } finally {
    await world.close();
  }
});

test("a second signal ends it at once, by the shell's convention", async () => {
  const world = await createJobWorld({ shutdownTimeoutSeconds: 60 });
  try {
    await world.publish([{ n: 0, does: "heed", ms: 60_000 }]);
    const worker = world.start();
    await until("it runs", () => world.runs().length === 1);
    worker.kill("SIGTERM");
    await worker.logged(/shutting down/);
    worker.kill("SIGTERM");
    assert.deepEqual(await worker.exited, { code: 143, signal: null });
  } finally {
    await world.close();
  }
});

test("SIGTERM while the worker waits for a Redis that is absent ends it with 0", async () => {
  const world = await createJobWorld();
  try {
    await world.server.kill9();
    const worker = world.start();
    await worker.logged(/redis is not reachable yet/);
    worker.kill("SIGTERM");
    assert.deepEqual(await worker.exited, { code: 0, signal: null });
  } finally {
    await world.close();
  }
});

test("during a drain /readyz says 503 and /livez 200, before reading stops and until the end", async () => {
  const world = await createJobWorld({ shutdownTimeoutSeconds: 20 });
  try {
    const worker = world.start();
    const health = await worker.running();
    const ask = async (path: string): Promise<number | "silent"> => {
      try {
        const response = await fetch(`${health}${path}`, { headers: { connection: "close" } });
        await response.body?.cancel();
        return response.status;
      } catch {
        return "silent";
      }
    };
    await until("it is ready", async () => (await ask("/readyz")) === 200);
    await world.publish([{ n: 0, does: "end", ms: 2500 }]);
    await until("the handler runs", () => world.runs().length === 1);
    worker.kill("SIGTERM");
    await until("it is no longer ready", async () => (await ask("/readyz")) === 503);
    assert.equal(world.runs().length, 1, "the handler still runs");
    const answers: unknown[] = [];
    await until("the handler has ended", async () => {
      answers.push(await ask("/readyz"), await ask("/livez"));
      return world.runs().length === 2;
    });
    // The handler's end and the server's are close: of the last round both answers are possible.
    assert.deepEqual(new Set(answers.slice(0, -2)), new Set([503, 200]));
    assert.deepEqual(await worker.exited, { code: 0, signal: null });
  } finally {
    await world.close();
  }
});
