/**
 * The anatomy of a maintenance job: options → `runOnce` → loop. The first cycle runs at once; one that fails is logged and
 * the next one runs all the same.
 */
import type { Logger } from "pino";
import type { Service } from "../lifecycle/service.ts";
import { sleep, withTimeout } from "../primitives/abort.ts";

export interface PeriodicOptions {
  readonly name: string;
  readonly intervalMs: number;
  readonly log: Logger;
  /** One cycle. Ends early when `signal` aborts. */
  readonly runOnce: (signal: AbortSignal) => Promise<void>;
}

export interface PeriodicService extends Service {
  /** One cycle now, whatever the beat: rejects where the cycle fails. */
  runOnce(): Promise<void>;
}

export function createPeriodicService({ name, intervalMs, log, runOnce }: PeriodicOptions): PeriodicService {
  const stopping = new AbortController();
  let loop: Promise<void> | null = null;

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      try {
        await runOnce(stopping.signal);
      } catch (error) {
        if (!stopping.signal.aborted)
          log.warn({ err: error, job: name }, "a maintenance cycle failed: the next one tries again");
      }
      await sleep(intervalMs, stopping.signal);
    }
  }

  return {
    name,
    start() {
      if (!stopping.signal.aborted) loop ??= run();
      return Promise.resolve();
    },
    async stop(deadline) {
      stopping.abort();
      if (loop) await withTimeout(loop, Math.max(0, deadline - performance.now()));
    },
    runOnce: () => runOnce(stopping.signal),
  };
}
