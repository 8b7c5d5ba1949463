/** The configured broker, opened for the length of one command. */
import type { Command } from "commander";
import { EngineError } from "../errors.ts";
import type { EngineConfig } from "../config/settings.ts";
import type { BrokerAdapter } from "../ports/broker-adapter.ts";
import { isVerbose, type CliContext } from "./command.ts";
import { untilInterrupted } from "./interrupt.ts";

const BROKER = "default";
/** A person waits: shorter than the engine's own start. */
const CONNECT_TIMEOUT_MS = 10_000;

export interface BrokerSession {
  readonly adapter: BrokerAdapter;
  readonly config: EngineConfig;
  /** Aborts at Ctrl-C: the command is to say how far it came. */
  readonly signal: AbortSignal;
}

/**
 * Connects to `[brokers.default]`, runs `use`, and closes again, whatever happened. The embedded broker is refused: it
 * lives in another process, and looking at an empty one of our own would be a lie.
 */
export async function withBroker<T>(
  context: CliContext,
  command: Command,
  use: (session: BrokerSession) => Promise<T>,
): Promise<T> {
  const config = context.loadConfig(command.optsWithGlobals<{ config?: string }>().config);
  const settings = config.brokers[BROKER];
  if (settings === undefined || settings.provider === "memory") throw unshared(config);
  const level = isVerbose(command) ? "debug" : "error";
  const adapter = context.createBroker(BROKER, settings, context.createLogger({ ...config.logging, level }));
  return untilInterrupted(context.host, async (signal) => {
    try {
      await adapter.broker.connect(CONNECT_TIMEOUT_MS, signal);
      return await use({ adapter, config, signal });
    } finally {
      await adapter.broker.close();
    }
  });
}

/** The error for a broker that only the process running it can see. */
export function unshared(config: EngineConfig): EngineError {
  const where = config.file === null ? "no configuration file was found, so the broker" : `[brokers.${BROKER}]`;
  return new EngineError(
    "ENGINE_BROKER_UNSHARED",
    `${where} is the embedded memory broker: its streams exist only inside the process that runs it`,
    {
      hint: 'Name a file with --config whose [brokers.default] has provider = "redis" and a URI.',
    },
  );
}
