import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { mergeMetrics } from "../../../src/telemetry/merge-metrics.ts";
import type { MetricFamily } from "../../../src/telemetry/metric.ts";

function numbers(kind: "counter" | "gauge", name: string, value: number, worker = "a"): MetricFamily {
  return {
    name,
    kind,
    unit: "1",
    description: "",
    labels: ["subscription"],
    points: [{ labels: { subscription: worker }, value }],
  };
}

function valueOf(families: readonly MetricFamily[], name: string): number | undefined {
  const point = families.find((family) => family.name === name)?.points[0];
  return point && "value" in point ? point.value : undefined;
}

describe("the metrics of several workers", () => {
  it("add up where they are counters, also those of workers that are gone", () => {
    const merged = mergeMetrics(
      [[numbers("counter", "c", 3)], [numbers("counter", "c", 4)]],
      [[numbers("counter", "c", 10)]],
    );
    assert.equal(valueOf(merged, "c"), 17);
  });

  it("are the greatest of the views of one thing, and the sum of shares", () => {
    const merged = mergeMetrics([
      [numbers("gauge", "engine.dlq.depth", 5), numbers("gauge", "engine.subscription.in_flight", 2)],
      [numbers("gauge", "engine.dlq.depth", 4), numbers("gauge", "engine.subscription.in_flight", 3)],
    ]);
    assert.equal(valueOf(merged, "engine.dlq.depth"), 5);
    assert.equal(valueOf(merged, "engine.subscription.in_flight"), 5);
  });

  it("forget the gauges of workers that are gone", () => {
    assert.equal(
      valueOf(
        mergeMetrics([], [[numbers("gauge", "engine.subscription.in_flight", 9)]]),
        "engine.subscription.in_flight",
      ),
      undefined,
    );
  });

  it("keep points of different labels apart", () => {
    const [family] = mergeMetrics([[numbers("counter", "c", 1, "a")], [numbers("counter", "c", 2, "b")]]);
    assert.equal(family?.points.length, 2);
  });

  it("add histograms bucket by bucket", () => {
    const histogram = (counts: number[]): MetricFamily => ({
      name: "h",
      kind: "histogram",
      unit: "s",
      description: "",
      labels: [],
      points: [{ labels: {}, histogram: { bounds: [1], counts, sum: 1, count: counts[0]! + counts[1]! } }],
    });
    const [family] = mergeMetrics([[histogram([1, 2])], [histogram([3, 4])]]);
    const point = family?.points[0];
    assert.deepEqual(point && "histogram" in point ? point.histogram : null, {
      bounds: [1],
      counts: [4, 6],
      sum: 2,
      count: 10,
    });
  });
});
