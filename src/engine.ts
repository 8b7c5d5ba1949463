/** The engine's face: make one that runs a domain, or connect a domain for publishing alone. */
import type { Logger } from "pino";
import { compose, composePublisher, createBrokerAdapter } from "./compose.ts";
import { resolveConfig, type ConfigInput } from "./config/define.ts";
import { loadConfig } from "./config/load.ts";
import type { EngineConfig } from "./config/settings.ts";
import type { Domain } from "./domain/domain.ts";
import { EngineError } from "./errors.ts";
import { loadAlertCallback } from "./maintenance/load-callback.ts";
import type { BrokerAdapter } from "./ports/broker-adapter.ts";
import { systemClock } from "./primitives/system-clock.ts";
import { RunningEngine, type Engine } from "./running-engine.ts";
import { createLogger } from "./telemetry/log.ts";
import { FLUSH_BUDGET_MS, loadTelemetry, type Telemetry } from "./telemetry/telemetry.ts";

export type { Engine } from "./running-engine.ts";

export interface EngineOptions {
  /** Default: one made from `[logging]`. */
  readonly logger?: Logger;
  /** Adapters to use in place of configured brokers, by name. They are never closed by the engine. */
  readonly brokers?: Readonly<Record<string, BrokerAdapter>>;
}

/**
 * Makes an engine; nothing is opened before `start`. `config` is what `loadConfig` gave, or an object in the shape of
 * `domain.toml`; without it, `domain.toml` is looked for. Throws where domain or configuration have faults.
 */
export async function createEngine(
  domain: Domain,
  config: EngineConfig | ConfigInput = loadConfig(),
  options: EngineOptions = {},
): Promise<Engine> {
  const effective = isResolved(config) ? config : resolveConfig(config);
  const log = options.logger ?? createLogger(effective.logging);
  const { alertCallback } = effective.server.dlq;
  const callback = alertCallback === null ? null : await loadAlertCallback(alertCallback, effective.directory);
  const given = options.brokers?.["default"];
  const adapter = given ?? openDefault(effective, log);
  const telemetry = await openTelemetry(domain, effective, log);
  const tracing = telemetry?.tracing ?? null;
  const composition = compose({
    model: domain.model,
    config: effective,
    adapter,
    log,
    alertCallback: callback,
    tracing,
  });
  return new RunningEngine({
    domain,
    config: effective,
    log,
    adapter,
    isOwner: given === undefined,
    composition,
    telemetry,
  });
}

/** Connects a domain for publishing alone. Close it with `domain.close()`. */
export async function connect(
  domain: Domain,
  config: EngineConfig | ConfigInput = loadConfig(),
  options: EngineOptions = {},
): Promise<void> {
  const effective = isResolved(config) ? config : resolveConfig(config);
  const log = options.logger ?? createLogger(effective.logging);
  const given = options.brokers?.["default"];
  const adapter = given ?? openDefault(effective, log);
  const telemetry = await openTelemetry(domain, effective, log);
  const publisher = composePublisher(domain.model, effective, { adapter, tracing: telemetry?.tracing ?? null });
  try {
    await adapter.broker.connect(effective.server.startTimeoutSeconds * 1000, new AbortController().signal);
  } catch (error) {
    if (!given) await adapter.broker.close();
    throw error;
  }
  telemetry?.start(() => []);
  domain.attach({
    ...publisher,
    async close() {
      if (!given) await adapter.broker.close();
      await telemetry?.stop(performance.now() + FLUSH_BUDGET_MS);
    },
  });
}

function isResolved(config: EngineConfig | ConfigInput): config is EngineConfig {
  return "usedSections" in config;
}

function openTelemetry(domain: Domain, config: EngineConfig, log: Logger): Promise<Telemetry | null> {
  const messagingSystem = config.brokers["default"]?.provider ?? "memory";
  return loadTelemetry({ settings: config.telemetry, domain: domain.name, messagingSystem, clock: systemClock, log });
}

function openDefault(config: EngineConfig, log: Logger): BrokerAdapter {
  const settings = config.brokers["default"];
  if (!settings) throw new EngineError("ENGINE_CONFIG_INVALID", "[brokers.default] is missing");
  return createBrokerAdapter("default", settings, log);
}
