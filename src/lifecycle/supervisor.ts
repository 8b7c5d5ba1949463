/**
 * Keeps N worker processes alive.
 *
 *   starting → running → exited → waiting (backoff) → starting
 *                           └→ done (it was told to stop, or has drained)
 *
 * A worker that dies is started again, after 1 s, 2 s, 4 s … up to 30 s; one that ran for a minute has earned a fresh backoff.
 * Too many deaths within a minute are a crash loop: everything is stopped, with a message that says so. A worker that ends with the
 * exit code for a wrong configuration would end so again: nothing is restarted then.
 */
import type { Logger } from "pino";
import { createDeferred, type Deferred } from "../primitives/deferred.ts";
import { sleep, whenAborted } from "../primitives/abort.ts";

const BACKOFF_BASE_MS = 1000;
const BACKOFF_MAX_MS = 30_000;
const CRASH_WINDOW_MS = 60_000;
const MAX_CRASHES_IN_WINDOW = 5;
const EXIT_USAGE = 2;

/** How a worker process ended. */
export interface WorkerExit {
  readonly code: number | null;
  readonly signal: string | null;
}

/** A running worker process. */
export interface WorkerProcess {
  readonly pid: number | undefined;
  readonly exited: Promise<WorkerExit>;
  kill(signal: "SIGTERM" | "SIGKILL"): void;
}

export interface SupervisorOptions {
  readonly workers: number;
  readonly spawn: (index: number) => WorkerProcess;
  readonly log: Logger;
  /** From SIGTERM to SIGKILL, in ms: what a worker's own shutdown may take. */
  readonly stopTimeoutMs: number;
  /** A worker that ends with 0 has drained, and is not missed. */
  readonly isUntilIdle: boolean;
  /** A worker that dies waits for the next change of the code instead of a backoff. */
  readonly isReloading: boolean;
}

export interface Supervisor {
  /** Runs until `signal` aborts, every worker has drained, or it gives up. Resolves to the exit code. */
  run(signal: AbortSignal): Promise<number>;
  /** Ends one worker gracefully; it is started again at once: for a reload. */
  restart(index: number): void;
  /** Of the running ones. */
  pids(): readonly number[];
}

interface Slot {
  readonly index: number;
  process: WorkerProcess | null;
  startedAtMs: number;
  failuresInRow: number;
  /** It was asked to end, to be started again at once. */
  isRestarting: boolean;
  /** Where a dead one waits for a change. */
  change: Deferred<void> | null;
}

/** What ends everything: the exit code, and why. */
interface Verdict {
  readonly code: number;
  readonly reason: string;
}

export function createSupervisor(options: SupervisorOptions): Supervisor {
  const { log } = options;
  const stopping = new AbortController();
  const givingUp = createDeferred<Verdict>();
  const crashTimes: number[] = [];
  const slots: Slot[] = Array.from({ length: options.workers }, (_, index) => ({
    index,
    process: null,
    startedAtMs: 0,
    failuresInRow: 0,
    isRestarting: false,
    change: null,
  }));

  /** Keeps one worker alive; resolves to the exit code it ended with. */
  async function keep(slot: Slot): Promise<number> {
    for (;;) {
      if (stopping.signal.aborted) return 0;
      const exit = await runOnce(slot);
      if (stopping.signal.aborted) return exit.code ?? 1;
      if (options.isUntilIdle && exit.code === 0) return 0;
      if (slot.isRestarting) {
        slot.isRestarting = false;
        continue;
      }
      if (options.isReloading) {
        await waitForChange(slot, exit);
        continue;
      }
      const delayMs = afterDeath(slot, exit);
      if (delayMs === null) return exit.code ?? 1;
      await sleep(delayMs, stopping.signal);
    }
  }

  async function runOnce(slot: Slot): Promise<WorkerExit> {
    slot.startedAtMs = performance.now();
    slot.process = options.spawn(slot.index);
    log.info({ worker: slot.index, pid: slot.process.pid }, `worker ${slot.index} started`);
    const exit = await slot.process.exited;
    slot.process = null;
    return exit;
  }

  async function waitForChange(slot: Slot, exit: WorkerExit): Promise<void> {
    log.error(
      { worker: slot.index, ...exit },
      `worker ${slot.index} ended with ${describe(exit)}: waiting for a change`,
    );
    slot.change = createDeferred();
    await Promise.race([slot.change.promise, whenAborted(stopping.signal)]);
    slot.change = null;
  }

  /** How long to wait before it is started again; null when it is not. */
  function afterDeath(slot: Slot, exit: WorkerExit): number | null {
    const now = performance.now();
    const facts = { worker: slot.index, ...exit };
    if (exit.code === EXIT_USAGE) {
      givingUp.resolve({
        code: EXIT_USAGE,
        reason: `worker ${slot.index} found its domain or configuration at fault: see its message above`,
      });
      return null;
    }
    crashTimes.push(now);
    while ((crashTimes[0] ?? now) < now - CRASH_WINDOW_MS) crashTimes.shift();
    if (crashTimes.length > MAX_CRASHES_IN_WINDOW + options.workers - 1) {
      givingUp.resolve({
        code: 1,
        reason: `crash loop: workers died ${crashTimes.length} times within ${CRASH_WINDOW_MS / 1000} s, the last with ${describe(exit)}`,
      });
      return null;
    }
    slot.failuresInRow = now - slot.startedAtMs > CRASH_WINDOW_MS ? 1 : slot.failuresInRow + 1;
    const delayMs = Math.min(BACKOFF_BASE_MS * 2 ** (slot.failuresInRow - 1), BACKOFF_MAX_MS);
    log.error(
      { ...facts, restartInMs: delayMs },
      `worker ${slot.index} died (${describe(exit)}): starting it again in ${delayMs / 1000} s`,
    );
    return delayMs;
  }

  async function stopAll(): Promise<void> {
    stopping.abort();
    for (const slot of slots) slot.process?.kill("SIGTERM");
    const ended = Promise.all(slots.flatMap((slot) => slot.process?.exited ?? []));
    const timer = setTimeout(() => {
      for (const { index, process } of slots) {
        if (!process) continue;
        log.error({ worker: index, pid: process.pid }, `worker ${index} did not stop in time: killed`);
        process.kill("SIGKILL");
      }
    }, options.stopTimeoutMs);
    await ended;
    clearTimeout(timer);
  }

  return {
    async run(signal) {
      const all = Promise.all(slots.map((slot) => keep(slot)));
      const asked = new Promise<null>((resolve) => {
        if (signal.aborted) resolve(null);
        signal.addEventListener("abort", () => resolve(null), { once: true });
      });
      const first = await Promise.race([all, givingUp.promise, asked]);
      if (Array.isArray(first)) return Math.max(...first);
      if (first) log.fatal(first.reason);
      await stopAll();
      const codes = await all;
      return first ? first.code : Math.max(0, ...codes);
    },
    restart(index) {
      const slot = slots[index];
      slot?.change?.resolve();
      if (!slot?.process) return;
      slot.isRestarting = true;
      slot.process.kill("SIGTERM");
    },
    pids: () => slots.flatMap((slot) => slot.process?.pid ?? []),
  };
}

function describe({ code, signal }: WorkerExit): string {
  return signal === null ? `exit code ${code}` : signal;
}
