/**
 * An engine at work.
 *
 *   new → starting → running → stopping → stopped
 *              └────────→ failed
 *
 * Started in order: health server, broker, subscriptions, maintenance. Stopped in reverse, the health server last, so that
 * probes see the whole of it.
 */
import type { Logger } from "pino";
import type { Composition } from "./compose.ts";
import type { EngineConfig } from "./config/settings.ts";
import type { Domain } from "./domain/domain.ts";
import { BrokerError, EngineError } from "./errors.ts";
import { createHealthServer, type HealthServer } from "./health/server.ts";
import type { EngineState, EngineStatus } from "./health/status.ts";
import type { ShutdownReport } from "./lifecycle/report.ts";
import { everyOne, runShutdown, type PlannedStep } from "./lifecycle/shutdown.ts";
import { whenIdle, type IdleResult } from "./lifecycle/when-idle.ts";
import type { BrokerAdapter } from "./ports/broker-adapter.ts";
import { sleep } from "./primitives/abort.ts";
import { systemClock } from "./primitives/system-clock.ts";
import { createEventLoopMonitor, type EventLoopMonitor } from "./telemetry/event-loop-delay.ts";
import type { MetricFamily } from "./telemetry/metric.ts";
import { FLUSH_BUDGET_MS, type Telemetry } from "./telemetry/telemetry.ts";

/** Settlement after the deadline, and closing, get this much on top of shutdown_timeout_seconds. */
const SETTLE_BUDGET_MS = 4000;
const CLOSE_BUDGET_MS = 2000;

export interface Engine {
  readonly domain: Domain;
  readonly config: EngineConfig;
  /** Resolves when every subscription reads. Rejects, with everything closed again, when it cannot be. Once only. */
  start(): Promise<void>;
  /** Stops in order; safe at any time, any number of times: every caller gets the same report. */
  stop(): Promise<ShutdownReport>;
  /** As it stands; never waits. */
  status(): EngineStatus;
  /** Every metric as it stands, as `GET /metrics` shows it; never waits. */
  metrics(): readonly MetricFamily[];
  /** Resolves once every subscription is drained: nothing new, pending, held or replayed; or the engine is stopped. */
  whenIdle(signal?: AbortSignal): Promise<IdleResult>;
  /**
   * Pauses a subscription (its name, or its handler's) in this process: reading stops, what runs finishes, what waits is
   * handed back, uncounted. Resolves when that is done. It ends with {@link resume}, or with the process.
   */
  pause(name: string, reason?: string): Promise<void>;
  /** Takes back what {@link pause} did. An operator's pause (`engine subscriptions pause`) stays in force. */
  resume(name: string): Promise<void>;
  /** One cycle of every maintenance job, now. Rejects with the first failure, after all have had their cycle. */
  runMaintenance(): Promise<void>;
  /** Where the health server listens; null without one. */
  readonly healthUrl: string | null;
  /** The default broker's ports: for tools. */
  readonly broker: BrokerAdapter;
}

export interface EngineParts {
  readonly domain: Domain;
  readonly config: EngineConfig;
  readonly log: Logger;
  readonly adapter: BrokerAdapter;
  /** False for an adapter that was given: it is not ours to close. */
  readonly isOwner: boolean;
  readonly composition: Composition;
  /** Null: nothing is exported. */
  readonly telemetry: Telemetry | null;
}

type DrainTotals = { -readonly [Total in "finished" | "cancelled" | "released"]: number };

export class RunningEngine implements Engine {
  readonly domain: Domain;
  readonly config: EngineConfig;
  readonly broker: BrokerAdapter;
  readonly #parts: EngineParts;
  readonly #log: Logger;
  readonly #starting = new AbortController();
  readonly #health: HealthServer | null;
  readonly #eventLoop: EventLoopMonitor = createEventLoopMonitor();
  #state: EngineState = "new";
  #runningSinceMs = 0;
  #stopped: Promise<ShutdownReport> | null = null;
  #detach: (() => void) | null = null;

  constructor(parts: EngineParts) {
    this.#parts = parts;
    this.domain = parts.domain;
    this.config = parts.config;
    this.broker = parts.adapter;
    this.#log = parts.log;
    const { enabled, host, port } = parts.config.server.health;
    this.#health = enabled ? createHealthServer({ host, port, source: this, log: parts.log }) : null;
  }

  get healthUrl(): string | null {
    return this.#health?.address()?.url ?? null;
  }

  async start(): Promise<void> {
    if (this.#state !== "new") {
      throw new EngineError("ENGINE_STATE_INVALID", `start() was called while the engine is ${this.#state}`, {
        hint: "An engine starts once: make another with createEngine.",
      });
    }
    this.#state = "starting";
    try {
      this.#warnOfUnserved();
      await this.#open(this.#starting.signal);
    } catch (error) {
      const wasStopped = this.#starting.signal.aborted;
      await this.stop();
      if (wasStopped) {
        this.#log.debug({ err: error }, "stopped while starting");
        return;
      }
      this.#state = "failed";
      throw error;
    }
    if (this.#starting.signal.aborted) return;
    this.#state = "running";
    this.#runningSinceMs = performance.now();
  }

  stop(): Promise<ShutdownReport> {
    this.#stopped ??= this.#shutDown();
    return this.#stopped;
  }

  status(): EngineStatus {
    const { subscriptions, monitor, sampler, loadShedding } = this.#parts.composition;
    return {
      state: this.#state,
      uptimeMs: this.#runningSinceMs === 0 ? 0 : Math.round(performance.now() - this.#runningSinceMs),
      brokers: monitor.statuses(),
      sampleAgeMs: sampler.ageMs,
      ...(loadShedding === null ? {} : { loadShedding: loadShedding.status() }),
      subscriptions: subscriptions.map((subscription) => {
        const report = sampler.reportOf(subscription.model.name);
        return {
          ...subscription.status(),
          lag: report?.lag ?? null,
          lagSeconds: report?.lagSeconds ?? null,
          pending: report?.pending ?? null,
          oldestPendingSeconds: report?.oldestPendingSeconds ?? null,
          dlqDepth: report?.dlqDepth ?? null,
          replayBacklog: report?.replayBacklog ?? null,
        };
      }),
    };
  }

  whenIdle(signal: AbortSignal = new AbortController().signal): Promise<IdleResult> {
    const { subscriptions } = this.#parts.composition;
    // Once it stops, nobody will ever do what is left: waiting on would keep the process alive.
    return whenIdle({
      subscriptions,
      admin: this.broker.admin,
      signal: AbortSignal.any([signal, this.#starting.signal]),
    });
  }

  async pause(name: string, reason?: string): Promise<void> {
    const at = new Date(systemClock.now()).toISOString();
    await this.#parts.composition.control.setOwn(this.#nameOf(name), {
      by: "engine.pause()",
      at,
      reason: reason ?? null,
    });
  }

  async resume(name: string): Promise<void> {
    await this.#parts.composition.control.setOwn(this.#nameOf(name), null);
  }

  #nameOf(wanted: string): string {
    const models = this.#parts.composition.subscriptions.map(({ model }) => model);
    const found =
      models.find(({ name }) => name === wanted) ?? models.find(({ handlerName }) => handlerName === wanted);
    if (found) return found.name;
    throw new EngineError("ENGINE_SUBSCRIPTION_UNKNOWN", `no subscription is called "${wanted}"`, {
      hint: `There are ${models.map(({ name }) => name).join(", ") || "none"}.`,
    });
  }

  metrics(): readonly MetricFamily[] {
    return this.#parts.composition.readMetrics(this.status(), this.#eventLoop.delay);
  }

  async runMaintenance(): Promise<void> {
    const failures: unknown[] = [];
    for (const job of this.#parts.composition.maintenance) {
      // One that fails does not keep the others from their cycle.
      await job.runOnce().catch((error: unknown) => failures.push(error));
    }
    if (failures.length > 0) throw failures[0];
  }

  async #open(signal: AbortSignal): Promise<void> {
    const { composition, config, adapter, telemetry } = this.#parts;
    const deadline = performance.now() + config.server.startTimeoutSeconds * 1000;
    this.#eventLoop.start();
    composition.watchdog?.start();
    telemetry?.start(() => this.metrics());
    await this.#health?.start(signal);
    if (signal.aborted) return;
    await adapter.broker.connect(Math.max(0, deadline - performance.now()), signal);
    if (signal.aborted) return;
    this.#detach = this.domain.attach({
      ...composition.publisher,
      status: () => this.status(),
      close: async () => void (await this.stop()),
    });
    // First: what is paused must not read a single entry.
    await untilDone(() => composition.control.runOnce(), deadline, signal);
    if (signal.aborted) return;
    await Promise.all(
      composition.subscriptions.map((subscription) => untilDone(() => subscription.start(signal), deadline, signal)),
    );
    // Known before it is asked for: readiness follows the start without a gap.
    await composition.monitor.runOnce();
    for (const job of composition.maintenance) await job.start(signal);
    if (!signal.aborted) composition.loadShedding?.start();
  }

  /** A configured option that does nothing must not look as if it did. */
  #warnOfUnserved(): void {
    const { config } = this.#parts;
    for (const section of config.usedSections) {
      this.#log.warn({ section }, `[${section}] is configured, and not served by this version`);
    }
    for (const name of Object.keys(config.brokers)) {
      if (name !== "default") this.#log.warn({ broker: name }, `[brokers.${name}] is configured, and nothing uses it`);
    }
  }

  async #shutDown(): Promise<ShutdownReport> {
    const startedMs = performance.now();
    const deadline = startedMs + this.config.server.shutdownTimeoutSeconds * 1000;
    const totals = { finished: 0, cancelled: 0, released: 0 };
    this.#state = "stopping";
    this.#starting.abort();

    const steps = await runShutdown(this.#shutdownSteps(deadline, totals), this.#log);
    this.#state = "stopped";
    return { steps, durationMs: Math.round(performance.now() - startedMs), ...totals };
  }

  /** In order. What is finished, cancelled and released is added to `totals`. */
  #shutdownSteps(deadline: number, totals: DrainTotals): readonly PlannedStep[] {
    const { composition, config, adapter, isOwner, telemetry } = this.#parts;
    const { subscriptions, maintenance } = composition;
    const drainMs = config.server.shutdownTimeoutSeconds * 1000;
    return [
      {
        name: "stop reading",
        budgetMs: CLOSE_BUDGET_MS,
        run: async () => {
          for (const released of await everyOne(subscriptions.map((subscription) => subscription.quiet())))
            totals.released += released;
        },
      },
      {
        name: "drain handlers",
        budgetMs: drainMs + SETTLE_BUDGET_MS,
        run: async () => {
          for (const report of await everyOne(subscriptions.map((subscription) => subscription.drain(deadline)))) {
            totals.finished += report.finished;
            totals.cancelled += report.cancelled;
            totals.released += report.released;
          }
        },
      },
      ...maintenance.toReversed().map((job) => ({
        name: `stop ${job.name}`,
        budgetMs: CLOSE_BUDGET_MS,
        run: () => job.stop(performance.now() + CLOSE_BUDGET_MS / 2),
      })),
      {
        name: "close brokers",
        budgetMs: CLOSE_BUDGET_MS,
        run: async () => {
          this.#detach?.();
          if (isOwner) await adapter.broker.close();
        },
      },
      {
        name: "flush telemetry",
        budgetMs: FLUSH_BUDGET_MS + 500,
        run: async () => {
          this.#eventLoop.stop();
          composition.loadShedding?.stop();
          composition.watchdog?.stop();
          await telemetry?.stop(performance.now() + FLUSH_BUDGET_MS);
        },
      },
      {
        name: "close health server",
        budgetMs: CLOSE_BUDGET_MS,
        run: async () => this.#health?.stop(performance.now() + CLOSE_BUDGET_MS / 2),
      },
    ];
  }
}

/** Of a server that may have just come up: what passes by itself is tried again until the deadline. */
async function untilDone(step: () => Promise<void>, deadline: number, signal: AbortSignal): Promise<void> {
  for (;;) {
    try {
      return await step();
    } catch (error) {
      const isHopeless = !(error instanceof BrokerError) || !error.isTransient || performance.now() > deadline;
      if (isHopeless || signal.aborted) throw error;
      await sleep(200, signal);
    }
  }
}
