import type { Command } from "commander";
import { stringify } from "smol-toml";
import { renderConfig, type RenderedTable } from "../../config/explain.ts";
import { CONFIG_OPTION, createCommand, type CliContext } from "../command.ts";
import { visibleLines } from "../visible.ts";

interface ShowOptions {
  readonly config?: string;
  readonly json?: boolean;
}

/** `engine config show`: the whole configuration as domain.toml would write it. */
export function configShowCommand(context: CliContext): Command {
  return createCommand("show", "print the effective configuration as TOML, secrets redacted", [
    "config show",
    "config show --config=production.toml --json",
  ])
    .option(...CONFIG_OPTION)
    .option("--json", "print JSON")
    .action(async (options: ShowOptions) => {
      const config = context.loadConfig(options.config);
      const rendered = renderConfig(config);
      context.output.note(`# ${config.file ?? "no configuration file: built-in defaults"}`);
      if (options.json === true) await context.output.json(rendered);
      else await context.output.line(visibleLines(stringify(withoutNulls(rendered)).trimEnd()));
    });
}

/** TOML has no null: what has no value is left out. */
function withoutNulls(table: RenderedTable): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(table)
      .filter(([, value]) => value !== null)
      .map(([key, value]) => [key, isTable(value) ? withoutNulls(value) : value]),
  );
}

function isTable(value: unknown): value is RenderedTable {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
