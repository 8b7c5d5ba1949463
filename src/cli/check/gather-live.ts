/** The servers' side of `engine check --live`. */
import type { Command } from "commander";
import { gatherFacts } from "../../check/live/gather.ts";
import type { LiveFacts } from "../../check/live/facts.ts";
import type { CheckContext } from "../../check/rule.ts";
import { redactText } from "../../config/redact.ts";
import { EngineError } from "../../errors.ts";
import { isVerbose, type CliContext } from "../command.ts";
import { untilInterrupted } from "../interrupt.ts";
import { unshared } from "../open-brokers.ts";

const BROKER = "default";
const CONNECT_TIMEOUT_MS = 10_000;

export interface GatherRequest {
  readonly command: Command;
  readonly check: CheckContext;
  readonly processes: number;
}

/** A server that does not answer, or refuses, is a finding, not the end. */
export async function gatherLive(
  context: CliContext,
  { command, check, processes }: GatherRequest,
): Promise<LiveFacts> {
  const { config } = check;
  const settings = config.brokers[BROKER];
  if (settings === undefined || settings.provider === "memory") throw unshared(config);
  const level = isVerbose(command) ? "debug" : "silent";
  const adapter = context.createBroker(BROKER, settings, context.createLogger({ ...config.logging, level }));
  return untilInterrupted(context.host, async (signal): Promise<LiveFacts> => {
    try {
      await adapter.broker.connect(CONNECT_TIMEOUT_MS, signal);
      return await gatherFacts({ context: check, adapter, clock: context.clock, processes });
    } catch (error) {
      if (!(error instanceof EngineError)) throw error;
      return { kind: "unreachable", broker: BROKER, reason: redactText(error.message) };
    } finally {
      await adapter.broker.close();
    }
  });
}
