/** The words of the catalogue: what a metric is, and what it reads. */
import type { EngineStatus } from "../health/status.ts";
import type { EventLoopDelay } from "./event-loop-delay.ts";
import type { HistogramSnapshot } from "./histogram.ts";

/** Plain numbers the engine keeps anyway, at one moment. Unknown is null, or missing. */
export interface MetricsSnapshot {
  readonly status: EngineStatus;
  /** How long runs took, by subscription. */
  readonly durations: ReadonlyMap<string, HistogramSnapshot>;
  /** By subscription. */
  readonly deadLetters: ReadonlyMap<string, DeadLetterFigures>;
  /** Open connections, by broker. */
  readonly brokerConnections: ReadonlyMap<string, number | null>;
  readonly eventLoopDelay: EventLoopDelay | null;
}

export interface DeadLetterFigures {
  readonly dlqStream: string;
  /** Since the start of this process; null: it does no dead-letter maintenance. */
  readonly trimmed: number | null;
  readonly alerts: number | null;
  readonly depth: number | null;
  /** 0 when there are none. */
  readonly oldestSeconds: number | null;
}

/** Bounded: names from code and configuration, and fixed words. Never ids. */
export type Labels = Readonly<Record<string, string>>;

export interface NumberPoint {
  readonly labels: Labels;
  readonly value: number;
}

export interface HistogramPoint {
  readonly labels: Labels;
  readonly histogram: HistogramSnapshot;
}

interface MetricFacts {
  /** Dotted, as in OpenTelemetry. */
  readonly name: string;
  /** UCUM: `s`, or what is counted, in braces. */
  readonly unit: string;
  readonly description: string;
  /** The names of its labels. */
  readonly labels: readonly string[];
}

export interface NumberMetric extends MetricFacts {
  /** A counter only grows, from the start of the process. */
  readonly kind: "counter" | "gauge";
  /** Pure. What is unknown has no point. */
  readonly read: (snapshot: MetricsSnapshot) => readonly NumberPoint[];
}

export interface HistogramMetric extends MetricFacts {
  readonly kind: "histogram";
  readonly read: (snapshot: MetricsSnapshot) => readonly HistogramPoint[];
}

export type Metric = NumberMetric | HistogramMetric;

/** A metric with what it read: plain data, which may travel between processes. */
export type MetricFamily =
  | (Omit<NumberMetric, "read"> & { readonly points: readonly NumberPoint[] })
  | (Omit<HistogramMetric, "read"> & { readonly points: readonly HistogramPoint[] });

/** One point, or none where the value is unknown. */
export function pointOf(labels: Labels, value: number | null): readonly NumberPoint[] {
  return value === null ? [] : [{ labels, value }];
}
