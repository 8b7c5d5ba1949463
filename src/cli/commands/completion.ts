import { Argument, type Command } from "commander";
import { createCommand, type CliContext } from "../command.ts";
import { SHELLS, completionScript, type Shell } from "../completion/scripts.ts";
import { wordsOf } from "../completion/words.ts";

/** `engine completion`: what a shell needs to complete this very program. */
export function completionCommand(context: CliContext): Command {
  return createCommand("completion", "print the completion of commands and options for a shell", [
    "completion bash > ~/.local/share/bash-completion/completions/engine",
    "completion zsh > ~/.zfunc/_engine",
    "completion fish > ~/.config/fish/completions/engine.fish",
  ])
    .addArgument(new Argument("<shell>", "the shell").choices(SHELLS))
    .action(async (shell: Shell, _options: unknown, command: Command) => {
      await context.output.line(completionScript(shell, wordsOf(rootOf(command))).trimEnd());
    });
}

function rootOf(command: Command): Command {
  return command.parent === null ? command : rootOf(command.parent);
}
