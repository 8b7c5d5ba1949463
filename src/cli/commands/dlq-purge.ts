import type { Command } from "commander";
import { createCommand, type CliContext } from "../command.ts";
import { addFilterOptions, addWhereOptions, type MoveCommandOptions } from "../dlq/options.ts";
import { checkSelection, runMove, type MoveKind } from "../dlq/run-move.ts";
import { withBroker } from "../open-brokers.ts";

const PURGE: MoveKind = {
  action: "dlq.purge",
  verb: "purge",
  done: "purged",
  async move(deadLetters, { address, ids }, totals) {
    const purged = await deadLetters.purge(address, ids);
    totals.moved += purged;
    totals.notFound += ids.length - purged;
  },
};

/** `engine dlq purge`: deletes dead letters for good. */
export function dlqPurgeCommand(context: CliContext): Command {
  const command = createCommand("purge", "delete dead letters for good", [
    "dlq purge 1762171205000-0 --domain=app",
    "dlq purge --domain=app --subscription=AuditHandler --type=OrderPlaced --dry-run",
    "dlq purge --stream=order --all --yes",
  ]).argument("[ids...]", "ids of dead letters");
  addFilterOptions(addWhereOptions(command), "purge at most so many, the oldest");
  return command
    .option("--all", "everything that is there now")
    .option("--dry-run", "only say how many it would be")
    .option("-y, --yes", "do not ask")
    .option("--json", "print JSON")
    .action(async (ids: string[], options: MoveCommandOptions) => {
      const request = { kind: PURGE, ids, options, context };
      checkSelection(request, command);
      context.exitCode = await withBroker(context, command, (session) => runMove(request, session));
    });
}
