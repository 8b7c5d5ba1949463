/**
 * Watches the event loop from a thread of its own (watchdog-thread.ts): a loop that no longer turns is reported, and past
 * a limit its process is killed, so that its leases run out and others take its messages over.
 *
 * All that the loop does for it is to write a number four times a second.
 */
import { url as debuggerUrl } from "node:inspector";
import { Worker } from "node:worker_threads";
import type { Logger } from "pino";
import { CELLS, CELL_COUNT, type WatchdogOrder } from "./watchdog-cells.ts";

const TICK_MS = 250;
/** It needs next to nothing. */
const RESOURCE_LIMITS = { maxOldGenerationSizeMb: 16, maxYoungGenerationSizeMb: 2, codeRangeSizeMb: 8, stackSizeMb: 1 };

export interface LoopWatchdog {
  /** Its thread and its timer keep no process alive. */
  start(): void;
  stop(): void;
  /** A handler of the subscription with this index is about to run. */
  noteRun(index: number): void;
}

export interface LoopWatchdogOptions {
  /** Of the subscriptions, by index. */
  readonly names: readonly string[];
  readonly reportAfterMs: number;
  /** 0: never. */
  readonly abortAfterMs: number;
  readonly log: Logger;
}

export function createLoopWatchdog(options: LoopWatchdogOptions): LoopWatchdog {
  const { log } = options;
  const cells = new Int32Array(new SharedArrayBuffer(CELL_COUNT * Int32Array.BYTES_PER_ELEMENT));
  cells[CELLS.lastRun] = -1;
  let timer: NodeJS.Timeout | null = null;
  let thread: Worker | null = null;

  function tick(): void {
    Atomics.add(cells, CELLS.turns, 1);
    // A breakpoint stops the loop, and is no fault.
    Atomics.store(cells, CELLS.isDebugged, debuggerUrl() === undefined ? 0 : 1);
  }

  return {
    start() {
      if (thread !== null) return;
      const { names, reportAfterMs, abortAfterMs } = options;
      const order: WatchdogOrder = {
        cells,
        names,
        reportAfterMs,
        abortAfterMs,
        pid: process.pid,
        isSilent: !log.isLevelEnabled("error"),
      };
      tick();
      timer = setInterval(tick, TICK_MS).unref();
      // The same folder and ending as this file: `.ts` where it is not built.
      const ending = import.meta.url.slice(import.meta.url.lastIndexOf("."));
      thread = new Worker(new URL(`./watchdog-thread${ending}`, import.meta.url), {
        workerData: order,
        name: "event loop watchdog",
        execArgv: [],
        resourceLimits: RESOURCE_LIMITS,
      });
      thread.on("error", (error) => log.error({ err: error }, "nothing watches the event loop any more"));
      thread.unref();
    },
    stop() {
      if (timer !== null) clearInterval(timer);
      Atomics.store(cells, CELLS.isOver, 1);
      Atomics.notify(cells, CELLS.isOver);
    },
    noteRun(index) {
      cells[CELLS.lastRun] = index;
    },
  };
}
