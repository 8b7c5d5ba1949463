/** What the last export may take of a shutdown. */
export const FLUSH_BUDGET_MS = 2000;

/** Telemetry as the engine holds it; without it, none of OpenTelemetry is loaded. */
import { hostname } from "node:os";
import type { Logger } from "pino";
import type { TelemetrySettings } from "../config/settings.ts";
import type { Clock } from "../ports/clock.ts";
import type { MetricFamily } from "./metric.ts";
import type { Tracing } from "./tracing.ts";

export interface Telemetry {
  readonly tracing: Tracing;
  /** Exports what `read` gives, from now on. */
  start(read: () => readonly MetricFamily[]): void;
  /** Exports the last numbers and spans, as far as they are taken by `deadline` (monotonic, ms). Never rejects. */
  stop(deadline: number): Promise<void>;
}

export interface TelemetryOptions {
  readonly settings: TelemetrySettings;
  readonly domain: string;
  readonly messagingSystem: string;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Null where `[telemetry]` exports nothing. */
export async function loadTelemetry({ settings, domain, ...rest }: TelemetryOptions): Promise<Telemetry | null> {
  if (!settings.enabled || settings.exporter === "none") return null;
  const { createOtelTelemetry } = await import("./otel.ts");
  const instanceId = `${hostname()}:${process.pid}`;
  return createOtelTelemetry({ settings, serviceName: settings.serviceName ?? domain, instanceId, ...rest });
}
