/**
 * The catalogue as OpenTelemetry data, read when the SDK collects: nothing is recorded through it per message.
 * (Its instruments that are read on demand know no histogram; a producer knows all kinds.)
 */
import { ValueType, type HrTime } from "@opentelemetry/api";
import type { Resource } from "@opentelemetry/resources";
import {
  AggregationTemporality,
  DataPointType,
  type MetricData,
  type MetricProducer,
} from "@opentelemetry/sdk-metrics";
import { VERSION } from "../version.ts";
import type { MetricFamily } from "./metric.ts";

export interface MetricProducerOptions {
  readonly resource: Resource;
  readonly read: () => readonly MetricFamily[];
  /** Wall clock, ms. */
  readonly now: () => number;
}

export function createMetricProducer({ resource, read, now }: MetricProducerOptions): MetricProducer {
  const startTime = hrTimeOf(now());
  const scope = { name: "domain-engine", version: VERSION };
  return {
    collect() {
      const times = { startTime, endTime: hrTimeOf(now()) };
      const metrics = read()
        .filter(({ points }) => points.length > 0)
        .map((family) => metricDataOf(family, times));
      return Promise.resolve({
        resourceMetrics: { resource, scopeMetrics: metrics.length === 0 ? [] : [{ scope, metrics }] },
        errors: [],
      });
    },
  };
}

interface Times {
  readonly startTime: HrTime;
  readonly endTime: HrTime;
}

function metricDataOf(family: MetricFamily, times: Times): MetricData {
  const { name, description, unit } = family;
  const valueType = family.kind === "counter" ? ValueType.INT : ValueType.DOUBLE;
  const facts = {
    descriptor: { name, description, unit, valueType },
    aggregationTemporality: AggregationTemporality.CUMULATIVE,
  };
  switch (family.kind) {
    case "counter":
      return {
        ...facts,
        dataPointType: DataPointType.SUM,
        isMonotonic: true,
        dataPoints: numbers(family.points, times),
      };
    case "gauge":
      return { ...facts, dataPointType: DataPointType.GAUGE, dataPoints: numbers(family.points, times) };
    case "histogram":
      return {
        ...facts,
        dataPointType: DataPointType.HISTOGRAM,
        dataPoints: family.points.map(({ labels, histogram: { bounds, counts, sum, count } }) => ({
          ...times,
          attributes: labels,
          value: { buckets: { boundaries: [...bounds], counts: [...counts] }, sum, count },
        })),
      };
  }
}

type NumberPoints = Extract<MetricFamily, { readonly kind: "counter" | "gauge" }>["points"];

function numbers(
  points: NumberPoints,
  times: Times,
): { startTime: HrTime; endTime: HrTime; attributes: Record<string, string>; value: number }[] {
  return points.map(({ labels, value }) => ({ ...times, attributes: { ...labels }, value }));
}

function hrTimeOf(ms: number): HrTime {
  return [Math.trunc(ms / 1000), Math.round((ms % 1000) * 1e6)];
}
