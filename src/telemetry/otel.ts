/**
 * Telemetry through the OpenTelemetry SDK. This module and what it imports are loaded only where `[telemetry]` is enabled
 * and exports something.
 *
 * What is exported, and whether anybody takes it, never touches a message: metrics are read in the background, spans are
 * dropped where their queue is full, and `stop` gives up what is not taken by its deadline.
 */
import { context, trace } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { MeterProvider, PeriodicExportingMetricReader } from "@opentelemetry/sdk-metrics";
import {
  AlwaysOnSampler,
  BatchSpanProcessor,
  ParentBasedSampler,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from "@opentelemetry/sdk-trace";
import type { Logger } from "pino";
import type { TelemetrySettings } from "../config/settings.ts";
import type { Clock } from "../ports/clock.ts";
import { withTimeout } from "../primitives/abort.ts";
import { VERSION } from "../version.ts";
import { createExporters, EXPORT_TIMEOUT_MS } from "./exporters.ts";
import { createMetricProducer } from "./metric-producer.ts";
import type { MetricFamily } from "./metric.ts";
import { createTracing } from "./spans.ts";
import type { Telemetry } from "./telemetry.ts";

const SPAN_QUEUE = 4096;
const SPAN_BATCH = 512;
const SPAN_DELAY_MS = 1000;

export interface OtelOptions {
  readonly settings: TelemetrySettings;
  readonly serviceName: string;
  /** Unique for this process. */
  readonly instanceId: string;
  /** What carries the messages: `redis`, `memory`. */
  readonly messagingSystem: string;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Nothing is sent, and no timer runs, before `start`. */
export function createOtelTelemetry(options: OtelOptions): Telemetry {
  const { settings, log } = options;
  const exporters = createExporters(settings, log);
  const resource = resourceFromAttributes({
    "service.name": options.serviceName,
    "service.instance.id": options.instanceId,
    "service.version": VERSION,
  });
  const processor = new BatchSpanProcessor({
    exporter: exporters.spans,
    maxQueueSize: SPAN_QUEUE,
    maxExportBatchSize: SPAN_BATCH,
    scheduledDelayMillis: SPAN_DELAY_MS,
    exportTimeoutMillis: EXPORT_TIMEOUT_MS,
  });
  // The engine decides before it starts a span, so its own are always recorded; what else asks is sampled as configured.
  const own = new TracerProvider({ resource, spanProcessors: [processor], sampler: new AlwaysOnSampler() });
  const shared = new TracerProvider({
    resource,
    spanProcessors: [processor],
    sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(settings.traceSampleRatio) }),
  });
  const globals = createGlobals(shared);
  let meters: MeterProvider | null = null;

  return {
    tracing: createTracing({
      tracer: own.getTracer("domain-engine", VERSION),
      system: options.messagingSystem,
      sampleRatio: settings.traceSampleRatio,
      random: Math.random,
    }),
    start(read: () => readonly MetricFamily[]) {
      const exportIntervalMillis = settings.exportIntervalSeconds * 1000;
      const reader = new PeriodicExportingMetricReader({
        exporter: exporters.metrics,
        exportIntervalMillis,
        exportTimeoutMillis: Math.min(EXPORT_TIMEOUT_MS, exportIntervalMillis),
        metricProducers: [createMetricProducer({ resource, read, now: () => options.clock.now() })],
      });
      meters = new MeterProvider({ resource, readers: [reader] });
      globals.install();
    },
    async stop(deadline) {
      globals.remove();
      const flushed = Promise.allSettled([meters?.shutdown(), processor.shutdown()]);
      const leftMs = Math.max(0, deadline - performance.now());
      const result = await withTimeout(flushed, leftMs);
      if (Array.isArray(result)) return;
      log.warn(
        { waitedMs: Math.round(leftMs) },
        "the collector did not take the last telemetry in time: it is given up",
      );
    },
  };
}

interface Globals {
  install(): void;
  remove(): void;
}

/**
 * What user code finds through OpenTelemetry's API, so that its spans become children of ours. An application that has
 * registered its own keeps it.
 */
function createGlobals(provider: TracerProvider): Globals {
  const contexts = new AsyncLocalStorageContextManager();
  let ownsTracer = false;
  let ownsContext = false;
  return {
    install() {
      ownsTracer = trace.setGlobalTracerProvider(provider);
      ownsContext = context.setGlobalContextManager(contexts.enable());
    },
    remove() {
      if (ownsTracer) trace.disable();
      if (ownsContext) context.disable();
      ownsTracer = false;
      ownsContext = false;
    },
  };
}
