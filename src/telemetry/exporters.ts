/** Where metrics and spans go: a collector over OTLP gRPC, or log lines. Their failures are told once, and go no further. */
import { ExportResultCode, type ExportResult } from "@opentelemetry/core";
import { OTLPMetricExporter } from "@opentelemetry/exporter-metrics-otlp-grpc";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-grpc";
import type { PushMetricExporter, ResourceMetrics } from "@opentelemetry/sdk-metrics";
import type { ReadableSpan, SpanExporter } from "@opentelemetry/sdk-trace";
import type { Logger } from "pino";
import { redactText } from "../config/redact.ts";
import type { TelemetrySettings } from "../config/settings.ts";

/** Of one export. A later one tells the same totals again: there is no need to wait long. */
export const EXPORT_TIMEOUT_MS = 2000;

export interface Exporters {
  readonly metrics: PushMetricExporter;
  readonly spans: SpanExporter;
}

export function createExporters({ exporter, endpoint }: TelemetrySettings, log: Logger): Exporters {
  if (exporter === "console") return consoleExporters(log);
  const options = { url: endpoint, timeoutMillis: EXPORT_TIMEOUT_MS };
  const metrics: PushMetricExporter = new OTLPMetricExporter(options);
  const spans: SpanExporter = new OTLPTraceExporter(options);
  return { metrics: watched(metrics, watchFor("metrics", log)), spans: watched(spans, watchFor("traces", log)) };
}

type Note = (result: ExportResult) => void;

/** Logs the first failure in a row, and its end. */
function watchFor(signal: string, log: Logger): Note {
  let failures = 0;
  return ({ code, error }) => {
    if (code === ExportResultCode.SUCCESS) {
      if (failures > 0) log.info({ signal, failures }, "telemetry is exported again");
      failures = 0;
      return;
    }
    failures += 1;
    if (failures > 1) return;
    const reason = redactText(error?.message ?? "unknown");
    log.warn({ signal, reason }, "telemetry could not be exported: messages are not affected");
  };
}

interface Exporter<Items> {
  export(items: Items, done: (result: ExportResult) => void): void;
}

/** The same exporter, whose failures reach `note` and nobody else: the SDK would only repeat them. */
function watched<Items, T extends Exporter<Items>>(exporter: T & Exporter<Items>, note: Note): T {
  const original = exporter.export.bind(exporter);
  exporter.export = (items, done) =>
    original(items, (result) => {
      note(result);
      done({ code: ExportResultCode.SUCCESS });
    });
  return exporter;
}

/** One line per export of metrics, and one per span, through the logger: standard output is for machines. */
function consoleExporters(log: Logger): Exporters {
  const nothing = (): Promise<void> => Promise.resolve();
  return {
    metrics: {
      export(metrics, done) {
        log.info({ metrics: plainMetrics(metrics) }, "metrics");
        done({ code: ExportResultCode.SUCCESS });
      },
      forceFlush: nothing,
      shutdown: nothing,
    },
    spans: {
      export(spans, done) {
        for (const span of spans) log.info({ span: plainSpan(span) }, `span ${span.name}`);
        done({ code: ExportResultCode.SUCCESS });
      },
      shutdown: nothing,
    },
  };
}

function plainMetrics({ scopeMetrics }: ResourceMetrics): readonly object[] {
  return scopeMetrics.flatMap(({ metrics }) =>
    metrics.flatMap(({ descriptor, dataPoints }) =>
      dataPoints.map(({ attributes, value }) => ({ name: descriptor.name, ...attributes, value })),
    ),
  );
}

function plainSpan(span: ReadableSpan): object {
  const { traceId, spanId } = span.spanContext();
  const [seconds, nanoseconds] = span.duration;
  return {
    traceId,
    spanId,
    parentSpanId: span.parentSpanContext?.spanId,
    durationMs: seconds * 1000 + nanoseconds / 1e6,
    attributes: span.attributes,
    links: span.links.map((link) => link.context.spanId),
    error: span.events.find((event) => event.name === "exception")?.attributes?.["exception.message"],
  };
}
