/** Snapshots for tests of the catalogue. */
import { createHistogram } from "../../../src/telemetry/histogram.ts";
import type { MetricFamily, MetricsSnapshot } from "../../../src/telemetry/metric.ts";
import { createStatus } from "../health/engine-status.ts";

/** Of an engine with one subscription that has run twice; everything is known. */
export function createSnapshot(over: Partial<MetricsSnapshot> = {}): MetricsSnapshot {
  const histogram = createHistogram([0.01, 0.1]);
  for (const seconds of [0.01, 5]) histogram.record(seconds);
  return {
    status: createStatus({
      loadShedding: [{ reason: "heap", isActive: false, episodes: 0 }],
    }),
    durations: new Map([["shop.AuditHandler", histogram.snapshot()]]),
    deadLetters: new Map([
      [
        "shop.AuditHandler",
        { dlqStream: "{order}:dlq:shop.AuditHandler", trimmed: 4, alerts: 1, depth: 7, oldestSeconds: 60 },
      ],
    ]),
    brokerConnections: new Map([["default", 2]]),
    eventLoopDelay: { mean: 0.001, p99: 0.01, max: 0.1 },
    ...over,
  };
}

/** The points of one metric of the catalogue, which has numbers. */
export function numbersOf(families: readonly MetricFamily[], name: string): readonly (readonly [object, number])[] {
  const family = families.find((each) => each.name === name);
  if (family === undefined || family.kind === "histogram") throw new Error(`${name} is no metric with numbers`);
  return family.points.map(({ labels, value }) => [labels, value] as const);
}
