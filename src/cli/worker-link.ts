/** The line between a supervisor and its workers: each worker says every second how it stands. */
import type { EngineStatus } from "../health/status.ts";
import type { ProcessHost } from "../lifecycle/signals.ts";
import type { MetricFamily } from "../telemetry/metric.ts";

const REPORT_MS = 1000;

/** What a worker sends. */
export interface WorkerMessage {
  readonly kind: "engine-report";
  readonly status: EngineStatus;
  readonly metrics: readonly MetricFamily[];
}

export function isWorkerMessage(value: unknown): value is WorkerMessage {
  return typeof value === "object" && value !== null && (value as { kind?: unknown }).kind === "engine-report";
}

/** What a worker tells about itself. */
export interface ReportSource {
  status(): EngineStatus;
  metrics(): readonly MetricFamily[];
}

export interface WorkerLinkOptions {
  readonly source: ReportSource;
  readonly host: ProcessHost;
  /** The supervisor is gone: nobody restarts or stops this worker any more. */
  readonly onLost: () => void;
}

/** Starts reporting. The returned function ends it, with a last report. */
export function linkToSupervisor({ source, host, onLost }: WorkerLinkOptions): () => void {
  const report = (): void => {
    host.send?.({ kind: "engine-report", status: source.status(), metrics: source.metrics() } satisfies WorkerMessage);
  };
  const timer = setInterval(report, REPORT_MS);
  host.on("disconnect", onLost);
  report();
  return () => {
    clearInterval(timer);
    host.off("disconnect", onLost);
    report();
  };
}
