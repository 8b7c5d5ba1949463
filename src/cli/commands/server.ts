import { Option, type Command } from "commander";
import type { EngineConfig, LoggingSettings } from "../../config/settings.ts";
import type { Logger } from "pino";
import { EngineError } from "../../errors.ts";
import { CONFIG_OPTION, createCommand, DOMAIN_OPTION, parsePositiveInteger, type CliContext } from "../command.ts";
import { EXIT, toExitCode, type ExitCode } from "../exit-code.ts";
import { installStopSignals } from "../../lifecycle/signals.ts";
import { serve } from "../serve.ts";
import { supervise } from "../supervise.ts";

const LOG_LEVELS: readonly LoggingSettings["level"][] = ["trace", "debug", "info", "warn", "error", "fatal", "silent"];

interface ServerOptions {
  readonly domain: string;
  readonly config?: string;
  readonly untilIdle?: boolean;
  readonly logLevel?: LoggingSettings["level"];
  readonly workers?: number;
  readonly reload?: boolean;
  /** Set by a supervisor for its workers. */
  readonly asWorker?: string;
}

/** `engine server`: runs the engine until a signal, or until it is idle. */
export function serverCommand(context: CliContext): Command {
  return createCommand("server", "run the engine", [
    "server --domain=app",
    "server --domain=dist/app.js --config=production.toml --log-level=debug",
    "server --domain=app --until-idle",
    "server --domain=dist/app.js --workers=4",
    "server --domain=app --reload",
  ])
    .requiredOption(...DOMAIN_OPTION)
    .option(...CONFIG_OPTION)
    .option(
      "--until-idle",
      "exit once every subscription is drained: 0; 1 when a circuit breaker or a pause stands in the way",
    )
    .addOption(new Option("--log-level <level>", "over [logging] level").choices(LOG_LEVELS))
    .option(
      "--workers <n>",
      "run n worker processes, restarted when they die; one health server for all",
      parsePositiveInteger,
    )
    .option("--reload", "for development: start anew when a file below the working directory changes")
    .addOption(new Option("--as-worker <index>").hideHelp())
    .action(async (options: ServerOptions) => {
      const config = withLogLevel(context.loadConfig(options.config), options.logLevel);
      const log = context.createLogger(config.logging);
      context.exitCode = isSupervised(options)
        ? await superviseWorkers(options, { context, config, log })
        : await serveHere(options, { context, config, log });
    });
}

interface Surroundings {
  readonly context: CliContext;
  readonly config: EngineConfig;
  readonly log: Logger;
}

function isSupervised({ workers, reload, asWorker }: ServerOptions): boolean {
  return asWorker === undefined && (workers !== undefined || reload === true);
}

async function serveHere(options: ServerOptions, { context, config, log }: Surroundings): Promise<ExitCode> {
  const isWorker = options.asWorker !== undefined;
  // Nothing is open yet: a signal while the application's modules load ends the process, and is no failure.
  const uninstall = installStopSignals(() => context.host.exit(EXIT.OK), context.host);
  const domain = await context.loadDomain(options.domain).finally(uninstall);
  const engine = await context.createEngine(domain, withWatchdog(isWorker ? withoutHealthServer(config) : config), {
    logger: log,
  });
  return serve({ engine, log, host: context.host, isUntilIdle: options.untilIdle === true, isWorker });
}

async function superviseWorkers(options: ServerOptions, { context, config, log }: Surroundings): Promise<ExitCode> {
  const workers = options.workers ?? 1;
  if (workers > 1 && config.brokers["default"]?.provider === "memory") {
    throw new EngineError(
      "ENGINE_BROKER_UNSHARED",
      "workers cannot share the embedded memory broker: each would have its own",
      {
        hint: 'Configure [brokers.default] with provider = "redis", or run without --workers.',
      },
    );
  }
  const args = ["server", `--domain=${options.domain}`];
  if (options.config !== undefined) args.push(`--config=${options.config}`);
  if (options.logLevel !== undefined) args.push(`--log-level=${options.logLevel}`);
  if (options.untilIdle === true) args.push("--until-idle");
  const code = await supervise({
    workers,
    config,
    log,
    host: context.host,
    workerArgs: [...args, "--as-worker"],
    isUntilIdle: options.untilIdle === true,
    reloadFrom: options.reload === true ? context.cwd : null,
  });
  return toExitCode(code);
}

/** Its supervisor answers for it. */
function withoutHealthServer(config: EngineConfig): EngineConfig {
  return { ...config, server: { ...config.server, health: { ...config.server.health, enabled: false } } };
}

/** Here the process is the engine's own: it may end it. */
function withWatchdog(config: EngineConfig): EngineConfig {
  const { watchdog } = config.server;
  return { ...config, server: { ...config.server, watchdog: { ...watchdog, enabled: watchdog.enabled ?? true } } };
}

function withLogLevel(config: EngineConfig, level: LoggingSettings["level"] | undefined): EngineConfig {
  return level === undefined ? config : { ...config, logging: { ...config.logging, level } };
}
