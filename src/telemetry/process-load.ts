/** How much of its memory and time this process uses: what load shedding goes by. */
import { getHeapStatistics } from "node:v8";
import { createEventLoopMonitor } from "./event-loop-delay.ts";

const WINDOW_MS = 1000;
const BYTES_PER_MEGABYTE = 1024 * 1024;

export interface ProcessLoad {
  start(): void;
  stop(): void;
  /** Share of the heap's limit, megabytes, milliseconds (99th percentile over a second; null before anything was measured). */
  read(): { readonly heap: number; readonly rss: number; readonly event_loop: number | null };
}

export function createProcessLoad(): ProcessLoad {
  const eventLoop = createEventLoopMonitor(WINDOW_MS);
  return {
    start: () => eventLoop.start(),
    stop: () => eventLoop.stop(),
    read() {
      const { used_heap_size: used, heap_size_limit: limit } = getHeapStatistics();
      const { delay } = eventLoop;
      return {
        heap: used / limit,
        rss: process.memoryUsage.rss() / BYTES_PER_MEGABYTE,
        event_loop: delay === null ? null : delay.p99 * 1000,
      };
    },
  };
}
