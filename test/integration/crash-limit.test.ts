/** Guarantee 2: a message that kills its process is dead-lettered after three crashes, and takes nobody with it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { createJobWorld, jobs, type JobWorld } from "../support/job-world.ts";
import { jobOf, reconcile, whenSettled } from "../support/oracle.ts";
import type { Exit } from "../support/worker-process.ts";
import type { Run } from "./fixtures/jobs-domain.ts";

interface Supervisor {
  /** How the workers ended, but for the last. */
  readonly exits: readonly Exit[];
  /** Ends the last one, too. Safe twice. */
  stop(): Promise<void>;
}

/** Starts a worker whenever there is none, as an orchestrator would. */
function supervise(world: JobWorld, domain: string): Supervisor {
  const exits: Exit[] = [];
  let isStopping = false;
  let worker = world.start({ domain });
  const watch = async (): Promise<void> => {
    while (!isStopping) {
      const exit = await worker.exited;
      if (isStopping) return;
      exits.push(exit);
      worker = world.start({ domain });
    }
  };
  const watching = watch();
  return {
    exits,
    async stop() {
      isStopping = true;
      await worker.end();
      await watching;
    },
  };
}

function startsOf(runs: readonly Run[], by: string, n: number): Run[] {
  return runs.filter((run) => run.what === "start" && run.by === by && run.n === n);
}

test("a message that aborts its process is dead-lettered after exactly three runs, and the other 299 are handled", async () => {
  const world = await createJobWorld();
  let supervisor: Supervisor | null = null;
  try {
    const poison = 137;
    const all = jobs(300, (n) => ({ does: n === poison ? "abort" : "end", ms: n === poison ? 0 : 3 }));
    await world.publish(all);
    supervisor = supervise(world, "jobs");
    const { letters } = await reconcile({
      redis: world.redis,
      handler: "Worker",
      published: all.map(({ n }) => n),
      runs: world.runs,
      deadLettered: [poison],
    });
    await supervisor.stop();

    assert.deepEqual(
      supervisor.exits.map(({ signal }) => signal),
      ["SIGABRT", "SIGABRT", "SIGABRT"],
    );
    assert.deepEqual(
      startsOf(world.runs(), "Worker", poison).map(({ attempt }) => attempt),
      [1, 2, 3],
    );
    const [letter] = letters;
    assert.equal(letter?.failure.reason, "crash_limit");
    assert.equal(letter?.failure.attempts, 3);
    assert.equal(letter?.failure.error.name, "CrashLimitError");
  } finally {
    await supervisor?.stop();
    await world.close();
  }
});

test("five messages that kill their process, spread among 300 for two handlers, condemn no other message", async () => {
  const world = await createJobWorld();
  let supervisor: Supervisor | null = null;
  try {
    const killers = new Map([
      [20, "Worker"],
      [80, "Mirror"],
      [150, "Worker"],
      [210, "Mirror"],
      [290, "Worker"],
    ]);
    const all = jobs(300, (n) => {
      const only = killers.get(n);
      return only === undefined ? { does: "end", ms: 5 } : { does: "kill", ms: 1, only };
    });
    await world.publish(all);
    supervisor = supervise(world, "jobs-twice");
    // Both first: while one handler still crashes the process, the other's books are open.
    await whenSettled(world.redis, "Worker");
    await whenSettled(world.redis, "Mirror");
    for (const handler of ["Worker", "Mirror"]) {
      const deadLettered = [...killers].filter(([, only]) => only === handler).map(([n]) => n);
      const { letters } = await reconcile({
        redis: world.redis,
        handler,
        published: all.map(({ n }) => n),
        runs: world.runs,
        deadLettered,
      });
      for (const letter of letters) {
        const starts = startsOf(world.runs(), handler, jobOf(letter)).length;
        assert.equal(letter.failure.reason, "crash_limit");
        assert.ok(starts <= 3, `job ${jobOf(letter)} ran ${starts} times`);
      }
    }
    await supervisor.stop();
    assert.ok(supervisor.exits.length <= 15, `${supervisor.exits.length} crashes for five messages`);
  } finally {
    await supervisor?.stop();
    await world.close();
  }
});
