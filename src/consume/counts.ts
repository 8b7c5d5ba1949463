/** What a subscription did since it started: plain numbers, read by status and by metrics. */
import type { SubscriptionCounts } from "../health/status.ts";
import { createHistogram, type HistogramSnapshot } from "../telemetry/histogram.ts";
import type { Settled } from "./settle.ts";

type Counter = Exclude<keyof SubscriptionCounts, "readerRestarts" | "abandoned">;

export interface Counts {
  add(counter: Counter, count: number): void;
  settled(how: Settled): void;
  /** A run took so long. */
  ran(durationMs: number): void;
  /** How long runs took, in seconds. */
  durations(): HistogramSnapshot;
  snapshot(others: Pick<SubscriptionCounts, "readerRestarts" | "abandoned">): SubscriptionCounts;
}

const COUNTER_OF: Readonly<Record<Settled, Counter>> = {
  succeeded: "succeeded",
  unhandled: "unhandled",
  discarded: "discarded",
  dead_lettered: "deadLettered",
  fenced: "fenced",
  gone: "fenced",
};

export function createCounts(): Counts {
  const values: Record<Counter, number> = {
    succeeded: 0,
    failed: 0,
    retried: 0,
    deadLettered: 0,
    discarded: 0,
    unhandled: 0,
    claimed: 0,
    missing: 0,
    fenced: 0,
    groupsRecreated: 0,
  };
  const durations = createHistogram();
  return {
    add(counter, count) {
      values[counter] += count;
    },
    settled(how) {
      values[COUNTER_OF[how]] += 1;
    },
    ran: (durationMs) => durations.record(durationMs / 1000),
    durations: () => durations.snapshot(),
    snapshot: (others) => ({ ...values, ...others }),
  };
}
