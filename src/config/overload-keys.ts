/** Rows of the table of keys: what a process does about too much load, and about an event loop that is blocked. */
import type { KeySpec } from "./key-spec.ts";

export const OVERLOAD_KEYS: readonly KeySpec[] = [
  {
    path: "server.load_shedding.enabled",
    type: "boolean",
    default: true,
    doc: "Whether a process that has too much of something stops reading until it is better.",
  },
  {
    path: "server.load_shedding.max_heap_ratio",
    type: "number",
    default: 0.9,
    min: 0,
    max: 1,
    doc: "Used heap as a share of V8's limit, above which nothing more is read. 0: not watched.",
  },
  {
    path: "server.load_shedding.max_rss_megabytes",
    type: "integer",
    unit: "megabytes",
    default: 0,
    min: 0,
    max: 16_777_216,
    doc: "Resident memory above which nothing more is read: some way below the container's limit. 0: not watched.",
  },
  {
    path: "server.load_shedding.max_event_loop_delay_ms",
    type: "integer",
    unit: "ms",
    default: 500,
    min: 0,
    max: 600_000,
    doc: "How late the event loop may run (99th percentile over a second) before nothing more is read. 0: not watched.",
  },
  {
    path: "server.watchdog.enabled",
    type: "boolean",
    default: null,
    doc: "Whether a thread watches the event loop. Unless set: in `engine server` yes, in a program that embeds the engine no.",
  },
  {
    path: "server.watchdog.report_after_ms",
    type: "integer",
    unit: "ms",
    default: 1000,
    min: 500,
    max: 3_600_000,
    doc: "How long the event loop may be blocked before a line of the log says so.",
  },
  {
    path: "server.watchdog.abort_after_ms",
    type: "integer",
    unit: "ms",
    default: 60_000,
    min: 0,
    max: 3_600_000,
    doc: "How long it may be blocked before the process is killed, so that others take its messages over. 0: never.",
  },
];
