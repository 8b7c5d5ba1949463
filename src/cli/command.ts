/** What every command shares: its surroundings, given in as one context, and its options. */
import { Command, InvalidArgumentError } from "commander";
import type { Readable } from "node:stream";
import type { Logger } from "pino";
import type { BrokerSettings, EngineConfig, LoggingSettings } from "../config/settings.ts";
import type { Domain } from "../domain/domain.ts";
import type { Engine, EngineOptions } from "../engine.ts";
import type { ProcessHost } from "../lifecycle/signals.ts";
import type { BrokerAdapter } from "../ports/broker-adapter.ts";
import type { Clock } from "../ports/clock.ts";
import type { ExitCode } from "./exit-code.ts";
import type { Output } from "./output.ts";

/** The world of a command. `main.ts` gives the real one, a test its own. */
export interface CliContext {
  readonly output: Output;
  readonly stdin: Readable & { readonly isTTY?: boolean };
  readonly cwd: string;
  readonly clock: Clock;
  /** Signals, and the way out. */
  readonly host: ProcessHost;
  /** The configuration of `--config`, or the one that is found. */
  loadConfig(file: string | undefined): EngineConfig;
  loadDomain(specifier: string): Promise<Domain>;
  createBroker(name: string, settings: BrokerSettings, log: Logger): BrokerAdapter;
  createEngine(domain: Domain, config: EngineConfig, options: EngineOptions): Promise<Engine>;
  createLogger(settings: LoggingSettings): Logger;
  /** What the process will end with; set by the command that ran. */
  exitCode: ExitCode;
}

/** One file per command exports one of these; `program.ts` registers it. */
export type CommandFactory = (context: CliContext) => Command;

/** A command with its examples, which its help shows at the end. */
export function createCommand(name: string, description: string, examples: readonly string[]): Command {
  const lines = examples.map((example) => `  $ engine ${example}`);
  return new Command(name)
    .description(description)
    .addHelpText("after", `\n${lines.length === 1 ? "Example" : "Examples"}:\n${lines.join("\n")}`);
}

/** What is shown by `--verbose`, a global option: stacks, and the log of the command's connections. */
export function isVerbose(command: Command): boolean {
  return command.optsWithGlobals<{ verbose?: boolean }>().verbose === true;
}

export const CONFIG_OPTION = [
  "--config <file>",
  "configuration file (default: .domain.toml or domain.toml here or up to two folders up)",
] as const;

export const DOMAIN_OPTION = [
  "--domain <module>",
  "module that exports the Domain: a path, or a name looked up here, in src/, handlers/ and dist/",
] as const;

export const JSON_OPTION = ["--json", "print JSON instead of a table"] as const;

/** For options that take a whole number from 1. */
export function parsePositiveInteger(text: string): number {
  const number = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(number) || number === 0) {
    throw new InvalidArgumentError("It must be a whole number from 1.");
  }
  return number;
}

/** For options that take a number above 0. */
export function parsePositiveNumber(text: string): number {
  const number = Number(text);
  if (!/^\d+(\.\d+)?$/.test(text) || !Number.isFinite(number) || number === 0) {
    throw new InvalidArgumentError("It must be a number above 0.");
  }
  return number;
}

/** For options that may be given more than once. */
export function collect(value: string, previous: readonly string[] | undefined): readonly string[] {
  return [...(previous ?? []), value];
}
