/** Runs an engine as a process: from its start, through the first signal, to the report of its shutdown. */
import type { Logger } from "pino";
import { redactUrl } from "../config/redact.ts";
import type { Engine } from "../engine.ts";
import type { ShutdownReport } from "../lifecycle/report.ts";
import { installCrashGuards, installStopSignals, type ProcessHost } from "../lifecycle/signals.ts";
import { whenAborted } from "../primitives/abort.ts";
import { VERSION } from "../version.ts";
import { EXIT, type ExitCode } from "./exit-code.ts";
import { linkToSupervisor } from "./worker-link.ts";

export interface ServeOptions {
  readonly engine: Engine;
  readonly log: Logger;
  readonly host: ProcessHost;
  /** Stop once every subscription is drained. */
  readonly isUntilIdle: boolean;
  /** A supervisor runs this process, and wants to hear from it. */
  readonly isWorker?: boolean;
}

/**
 * Resolves to the exit code when the engine has stopped. Rejects when it could not start; a signal during the start ends
 * it like any other stop. Listeners on the process are taken away in the end.
 */
export async function serve(options: ServeOptions): Promise<ExitCode> {
  const { engine, log, host } = options;
  const stopping = new AbortController();
  let isFinished = false;
  const uninstallSignals = installStopSignals((signal) => {
    log.info({ signal }, `${signal}: shutting down; a second signal exits at once`);
    stopping.abort();
    // Its result, and its failure, are awaited below.
    engine.stop().catch(() => undefined);
  }, host);
  const unlink =
    options.isWorker === true
      ? linkToSupervisor({
          source: engine,
          host,
          onLost: () => {
            log.error("the supervisor is gone: shutting down");
            stopping.abort();
            engine.stop().catch(() => undefined);
          },
        })
      : null;
  const uninstallGuards = installCrashGuards({ log, stop: () => engine.stop(), isFinished: () => isFinished }, host);
  try {
    const result = await run(options, stopping.signal);
    const report = await engine.stop();
    logReport(report, log);
    if (result !== EXIT.OK) return result;
    return report.cancelled > 0 ? EXIT.CANCELLED : EXIT.OK;
  } finally {
    isFinished = true;
    unlink?.();
    uninstallSignals();
    uninstallGuards();
  }
}

/** From the start until there is a reason to stop. */
async function run({ engine, log, isUntilIdle }: ServeOptions, stopping: AbortSignal): Promise<ExitCode> {
  try {
    await engine.start();
  } catch (error) {
    if (!stopping.aborted) throw error;
    log.info("the start was ended by the signal");
    return EXIT.OK;
  }
  if (stopping.aborted) return EXIT.OK;
  logSummary(engine, log);
  if (!isUntilIdle) {
    await whenAborted(stopping);
    return EXIT.OK;
  }
  const idle = await engine.whenIdle(stopping);
  if (idle.kind === "paused") {
    log.error(
      { subscriptions: idle.subscriptions },
      `not drained: paused: ${idle.subscriptions.join(", ")}; \`engine subscriptions resume\` lets them go on`,
    );
    return EXIT.FAILED;
  }
  if (idle.kind !== "circuit_open") return EXIT.OK;
  log.error(
    { subscriptions: idle.subscriptions },
    `not drained: the circuit breaker is open for ${idle.subscriptions.join(", ")}; their handlers fail again and again`,
  );
  return EXIT.FAILED;
}

function logSummary(engine: Engine, log: Logger): void {
  const { config, domain } = engine;
  for (const { name, handlerName, stream, profile } of engine.status().subscriptions) {
    log.info({ subscription: name, handler: handlerName, stream, profile }, `${name} reads ${stream}`);
  }
  const brokers = Object.entries(config.brokers).map(([name, { provider, uri }]) => {
    return uri === null ? `${name}: ${provider}` : `${name}: ${redactUrl(uri)}`;
  });
  const subscriptions = engine.status().subscriptions.length;
  const health = engine.healthUrl === null ? null : `${engine.healthUrl}/readyz`;
  const facts = { domain: domain.name, version: VERSION, config: config.file, subscriptions, brokers, health };
  log.info(
    { ...facts, profile: config.server.defaultSubscriptionProfile },
    `engine running: ${domain.name}, ${subscriptions === 1 ? "1 subscription" : `${subscriptions} subscriptions`}`,
  );
}

function logReport(report: ShutdownReport, log: Logger): void {
  for (const { name, outcome, durationMs } of report.steps) {
    // A step that failed has been logged by the engine, when it did.
    if (outcome === "ok") log.info({ step: name, durationMs: Math.round(durationMs) }, `shutdown: ${name}`);
  }
  const { durationMs, finished, cancelled, released } = report;
  const summary = { durationMs: Math.round(durationMs), finished, cancelled, released };
  if (cancelled === 0) log.info(summary, "engine stopped");
  else log.warn(summary, `engine stopped; handlers cut off, their messages to be delivered again: ${cancelled}`);
}
