import { Option, type Command } from "commander";
import type { EngineConfig, LoggingSettings } from "../../config/settings.ts";
import { CONFIG_OPTION, createCommand, DOMAIN_OPTION, type CliContext } from "../command.ts";
import { serve } from "../serve.ts";

const LOG_LEVELS: readonly LoggingSettings["level"][] = ["trace", "debug", "info", "warn", "error", "fatal", "silent"];

interface ServerOptions {
  readonly domain: string;
  readonly config?: string;
  readonly untilIdle?: boolean;
  readonly logLevel?: LoggingSettings["level"];
}

/** `engine server`: runs the engine until a signal, or until it is idle. */
export function serverCommand(context: CliContext): Command {
  return createCommand("server", "run the engine", [
    "server --domain=app",
    "server --domain=dist/app.js --config=production.toml --log-level=debug",
    "server --domain=app --until-idle",
  ])
    .requiredOption(...DOMAIN_OPTION)
    .option(...CONFIG_OPTION)
    .option("--until-idle", "exit once every subscription is drained: 0; 1 when a circuit breaker stands in the way")
    .addOption(new Option("--log-level <level>", "over [logging] level").choices(LOG_LEVELS))
    .action(async (options: ServerOptions) => {
      const config = withLogLevel(context.loadConfig(options.config), options.logLevel);
      const domain = await context.loadDomain(options.domain);
      const log = context.createLogger(config.logging);
      const engine = await context.createEngine(domain, config, { logger: log });
      context.exitCode = await serve({ engine, log, host: context.host, isUntilIdle: options.untilIdle === true });
    });
}

function withLogLevel(config: EngineConfig, level: LoggingSettings["level"] | undefined): EngineConfig {
  return level === undefined ? config : { ...config, logging: { ...config.logging, level } };
}
