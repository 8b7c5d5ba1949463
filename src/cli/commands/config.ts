import { Command } from "commander";
import type { CliContext } from "../command.ts";
import { configExplainCommand } from "./config-explain.ts";
import { configShowCommand } from "./config-show.ts";

/** `engine config …`: what is in force, and what set it. */
export function configCommand(context: CliContext): Command {
  return new Command("config")
    .description("show the effective configuration, secrets redacted")
    .addCommand(configShowCommand(context))
    .addCommand(configExplainCommand(context));
}
