/** What the event loop and its watchdog share: a few numbers in memory. */

/** Their places. */
export const CELLS = {
  /** Grows with every turn the loop reports. */
  turns: 0,
  /** The subscription whose handler was the last to begin, by its index; -1: none yet. */
  lastRun: 1,
  /** 1: a debugger is attached. */
  isDebugged: 2,
  /** 1: the watchdog is to end. */
  isOver: 3,
} as const;

export const CELL_COUNT = 4;

/** What the thread is told at its start. */
export interface WatchdogOrder {
  readonly cells: Int32Array;
  /** Of the subscriptions, by index. */
  readonly names: readonly string[];
  readonly reportAfterMs: number;
  /** 0: never. */
  readonly abortAfterMs: number;
  readonly pid: number;
  /** Write nothing. */
  readonly isSilent: boolean;
}
