import type { Command } from "commander";
import { createCommand, type CliContext } from "../command.ts";
import { findLetter } from "../dlq/find-letters.ts";
import { describeLetter, letterJson } from "../dlq/letter-text.ts";
import { addWhereOptions, whereOf, type WhereOptions } from "../dlq/options.ts";
import { withBroker } from "../open-brokers.ts";

interface ShowOptions extends WhereOptions {
  readonly json?: boolean;
}

/** `engine dlq show ID`: the whole record with its payload. */
export function dlqShowCommand(context: CliContext): Command {
  const command = createCommand("show", "show one dead letter with its payload and stack", [
    "dlq show 1762171205000-0 --domain=app",
    "dlq show 1762171205000-0 --stream=order --subscription=AuditHandler --json",
  ]).argument("<id>", "the dead letter's id: the first column of `engine dlq list`");
  return addWhereOptions(command)
    .option("--json", "print JSON")
    .action((id: string, options: ShowOptions) =>
      withBroker(context, command, async ({ adapter: { deadLetters } }) => {
        const addresses = await whereOf(options, context, deadLetters);
        const { letter } = await findLetter(deadLetters, addresses, id);
        if (options.json === true) await context.output.json(letterJson(letter));
        else await context.output.line(describeLetter(letter));
      }),
    );
}
