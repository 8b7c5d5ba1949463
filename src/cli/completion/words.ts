/** The words of a command line, read off the commander program: what completion scripts are made of. */
import type { Command, Option } from "commander";

export interface OptionWords {
  /** `--domain`, and `-y` where it has one. */
  readonly flags: readonly string[];
  readonly description: string;
  readonly takesValue: boolean;
  /** Where only some values are allowed. */
  readonly choices: readonly string[];
}

export interface CommandWords {
  /** The words behind `engine`: `["dlq", "list"]`; empty for the program itself. */
  readonly path: readonly string[];
  readonly description: string;
  /** Names and descriptions of the commands below it. */
  readonly children: readonly { readonly name: string; readonly description: string }[];
  /** Its own, the program's, and help. */
  readonly options: readonly OptionWords[];
  /** Values its arguments may have. */
  readonly choices: readonly string[];
}

const HELP: OptionWords = { flags: ["-h", "--help"], description: "show help", takesValue: false, choices: [] };

/** Every command of the program, the program first. */
export function wordsOf(program: Command): readonly CommandWords[] {
  return collect(program, [], []);
}

function collect(
  command: Command,
  path: readonly string[],
  inherited: readonly OptionWords[],
): readonly CommandWords[] {
  const options = [...command.options.filter((option) => !option.hidden).map(optionWords), ...inherited];
  const words: CommandWords = {
    path,
    description: command.description(),
    children: command.commands.map((child) => ({ name: child.name(), description: child.description() })),
    options: [...options, HELP],
    choices: command.registeredArguments.flatMap((argument) => argument.argChoices ?? []),
  };
  // Only the program's own options go with every command; `--version` stays with it, for below it, it would be refused.
  const passedOn = command.parent === null ? options.filter(({ flags }) => !flags.includes("--version")) : inherited;
  return [words, ...command.commands.flatMap((child) => collect(child, [...path, child.name()], passedOn))];
}

function optionWords(option: Option): OptionWords {
  return {
    flags: [option.short, option.long].filter((flag) => flag !== undefined && flag !== null),
    description: option.description,
    takesValue: option.required || option.optional,
    choices: option.argChoices ?? [],
  };
}
