/** The `engine` program: every command is registered here, one line each. */
import { Command, CommanderError } from "commander";
import { nearestName } from "../config/nearest.ts";
import { EngineError } from "../errors.ts";
import { VERSION } from "../version.ts";
import type { CliContext, CommandFactory } from "./command.ts";
import { checkCommand } from "./commands/check.ts";
import { completionCommand } from "./commands/completion.ts";
import { configCommand } from "./commands/config.ts";
import { dlqCommand } from "./commands/dlq.ts";
import { publishCommand } from "./commands/publish.ts";
import { serverCommand } from "./commands/server.ts";
import { subscriptionsCommand } from "./commands/subscriptions.ts";
import { EXIT, exitCodeOf, type ExitCode } from "./exit-code.ts";

const COMMANDS: readonly CommandFactory[] = [
  serverCommand,
  checkCommand,
  publishCommand,
  subscriptionsCommand,
  dlqCommand,
  configCommand,
  completionCommand,
];

const EXIT_CODES = `
Exit codes:
  0  done
  1  findings, or a fatal error while running
  2  usage or configuration
  3  the drain deadline passed with handlers cancelled`;

export function createProgram(context: CliContext): Command {
  const program = new Command("engine")
    .description("Runs event handlers on Redis Streams, and looks after their dead letters.")
    .version(VERSION, "-V, --version", "print the version")
    .option("-v, --verbose", "show where errors come from, and what connections do")
    .addHelpText("after", EXIT_CODES);
  for (const create of COMMANDS) program.addCommand(create(context));
  configure(program, context);
  return program;
}

/** Errors are thrown, not printed and exited with: `runCli` does both, in one way for all. */
function configure(command: Command, context: CliContext): void {
  const { output } = context;
  command.exitOverride();
  command.showSuggestionAfterError(true);
  command.configureOutput({
    writeOut: (text) => void output.line(text.trimEnd()),
    writeErr: (text) => output.note(text.trimEnd()),
    outputError: () => undefined,
  });
  for (const each of command.commands) configure(each, context);
}

/** Runs one command line (without node and script) and resolves to the exit code. Never rejects. */
export async function runCli(args: readonly string[], context: CliContext): Promise<ExitCode> {
  const program = createProgram(context);
  try {
    await program.parseAsync([...args], { from: "user" });
    return context.exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return usageResult(error, commandOf(program, args), context);
    context.output.error(error, { isVerbose: program.opts<{ verbose?: boolean }>().verbose === true });
    return exitCodeOf(error);
  }
}

function usageResult(error: CommanderError, command: Command, { output }: CliContext): ExitCode {
  // Help and version that were asked for.
  if (error.exitCode === 0) return EXIT.OK;
  // `engine` or `engine dlq` alone: the help was printed.
  if (error.code === "commander.help") return EXIT.USAGE;
  const message = error.message.replace(/^error: /, "");
  const hint = `See \`${nameOf(command)} --help\`.`;
  const near = message.includes("Did you mean") ? null : nearestFlag(message, command);
  output.error(
    new EngineError("ENGINE_USAGE", message, { hint: near === null ? hint : `Did you mean ${near}? ${hint}` }),
    { isVerbose: false },
  );
  return EXIT.USAGE;
}

/** Commander compares `--name=value` as one word, and so finds nothing like it. */
function nearestFlag(message: string, command: Command): string | null {
  const [, flag] = /^unknown option '(--[^=']+)/.exec(message) ?? [];
  const known = command.options.flatMap(({ long }) => long ?? []);
  return flag === undefined ? null : nearestName(flag, known);
}

/** The command that the words lead to. */
function commandOf(program: Command, args: readonly string[]): Command {
  let command = program;
  for (const arg of args) {
    if (arg.startsWith("-")) continue;
    const next = command.commands.find((child) => child.name() === arg);
    if (next === undefined) break;
    command = next;
  }
  return command;
}

function nameOf(command: Command): string {
  return command.parent === null ? command.name() : `${nameOf(command.parent)} ${command.name()}`;
}
