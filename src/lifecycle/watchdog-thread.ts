/**
 * The thread beside the event loop: see loop-watchdog.ts. It sleeps, looks at a number, and sleeps again. What it has to
 * say it writes to stderr itself, for the streams of a thread pass through the very loop that is blocked.
 */
import { writeSync } from "node:fs";
import { hostname } from "node:os";
import { workerData } from "node:worker_threads";
import { createBlockedLoop } from "./blocked-loop.ts";
import { CELLS, type WatchdogOrder } from "./watchdog-cells.ts";

const STEP_MS = 250;
const STDERR = 2;
/** The first process of a container: the kernel does not let it kill itself. */
const INIT = 1;
const HELPLESS =
  "as PID 1 this process cannot kill itself, its liveness probe has to; run it under an init or with --workers=1";

watch(workerData as WatchdogOrder);

function watch(order: WatchdogOrder): void {
  const { cells, reportAfterMs, abortAfterMs } = order;
  const loop = createBlockedLoop({ stepMs: STEP_MS, reportAfterMs, abortAfterMs });
  // Whatever wakes it early is no step.
  while (Atomics.load(cells, CELLS.isOver) === 0) {
    if (Atomics.wait(cells, CELLS.isOver, 0, STEP_MS) !== "timed-out") continue;
    if (Atomics.load(cells, CELLS.isDebugged) === 1) continue;
    const verdict = loop.step(Atomics.load(cells, CELLS.turns));
    switch (verdict.kind) {
      case "nothing":
        break;
      case "blocked":
        say(order, {
          level: "error",
          blockedMs: verdict.blockedMs,
          msg: "the event loop is blocked: no message, probe or lease is looked after",
        });
        break;
      case "turns_again":
        say(order, { level: "warn", blockedMs: verdict.blockedMs, msg: "the event loop turns again" });
        break;
      case "abort":
        say(order, {
          level: "fatal",
          blockedMs: verdict.blockedMs,
          msg: `the event loop is blocked for good: ${order.pid === INIT ? HELPLESS : "this process is killed"}`,
        });
        process.kill(order.pid, "SIGKILL");
    }
  }
}

interface Line {
  readonly level: string;
  readonly blockedMs: number;
  readonly msg: string;
}

/** A line as the engine's logger writes it. */
function say({ cells, names, pid, isSilent }: WatchdogOrder, { level, ...facts }: Line): void {
  if (isSilent) return;
  // The last one to begin: mostly, but not always, the one that blocks.
  const lastRun = names[Atomics.load(cells, CELLS.lastRun)] ?? null;
  const line = { level, time: new Date().toISOString(), pid, hostname: hostname(), watchdog: true, lastRun, ...facts };
  try {
    writeSync(STDERR, `${JSON.stringify(line)}\n`);
  } catch {
    // Nobody reads: what has to be done does not depend on it.
  }
}
