/** How late the event loop runs: sampled by node itself, read over the last whole window. */
import { monitorEventLoopDelay } from "node:perf_hooks";

/** How often node looks; a delay shorter than it is not seen. */
const RESOLUTION_MS = 20;
const WINDOW_MS = 10_000;
const NS_PER_SECOND = 1e9;

type IntervalHistogram = ReturnType<typeof monitorEventLoopDelay>;

/** Seconds, over the last window. */
export interface EventLoopDelay {
  readonly mean: number;
  readonly p99: number;
  readonly max: number;
}

export interface EventLoopMonitor {
  start(): void;
  stop(): void;
  /** Null while nothing was measured. */
  readonly delay: EventLoopDelay | null;
}

/** `windowMs`: what is read is of the last whole one. Its timers keep no process alive. */
export function createEventLoopMonitor(windowMs: number = WINDOW_MS): EventLoopMonitor {
  let monitor: IntervalHistogram | null = null;
  let window: NodeJS.Timeout | null = null;
  let last: EventLoopDelay | null = null;

  return {
    start() {
      if (monitor !== null) return;
      const started = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
      monitor = started;
      started.enable();
      window = setInterval(() => {
        last = read(started);
        started.reset();
      }, windowMs);
      window.unref();
    },
    stop() {
      monitor?.disable();
      if (window !== null) clearInterval(window);
    },
    get delay() {
      if (monitor === null) return null;
      return last ?? read(monitor);
    },
  };
}

function read(monitor: IntervalHistogram): EventLoopDelay | null {
  if (monitor.count === 0) return null;
  // Node records the time between two looks: on an idle loop, the resolution itself.
  const seconds = (ns: number): number => Math.max(0, ns - RESOLUTION_MS * 1e6) / NS_PER_SECOND;
  return { mean: seconds(monitor.mean), p99: seconds(monitor.percentile(99)), max: seconds(monitor.max) };
}
