import type { Command } from "commander";
import { createCommand, parsePositiveNumber, type CliContext } from "../command.ts";
import { addFilterOptions, addWhereOptions, type MoveCommandOptions } from "../dlq/options.ts";
import { checkSelection, runMove, type MoveKind } from "../dlq/run-move.ts";
import { withBroker } from "../open-brokers.ts";

const REPLAY: MoveKind = {
  action: "dlq.replay",
  verb: "replay",
  done: "replayed",
  async move(deadLetters, { address, ids }, totals) {
    const results = await Promise.allSettled(ids.map((id) => deadLetters.replay(address, id)));
    for (const result of results) {
      if (result.status === "rejected") continue;
      if (result.value === "replayed") totals.moved += 1;
      else totals.notFound += 1;
    }
    const failed = results.find((result) => result.status === "rejected");
    if (failed !== undefined) throw failed.reason;
  },
};

/**
 * `engine dlq replay`: sends dead letters back to the subscription that failed them, oldest first. What fails again
 * while it runs is not replayed a second time.
 */
export function dlqReplayCommand(context: CliContext): Command {
  const command = createCommand("replay", "send dead letters back to the subscription that failed them", [
    "dlq replay 1762171205000-0 --domain=app",
    "dlq replay --domain=app --subscription=AuditHandler --error=TimeoutError --since=2h --dry-run",
    "dlq replay --stream=order --all --rate=100 --yes",
  ]).argument("[ids...]", "ids of dead letters");
  addFilterOptions(addWhereOptions(command), "replay at most so many, the oldest");
  return command
    .option("--all", "everything that is there now")
    .option("--rate <per-second>", "replay at most so many per second", parsePositiveNumber)
    .option("--dry-run", "only say how many it would be")
    .option("-y, --yes", "do not ask")
    .option("--json", "print JSON")
    .action(async (ids: string[], options: MoveCommandOptions) => {
      const request = { kind: REPLAY, ids, options, context };
      checkSelection(request, command);
      context.exitCode = await withBroker(context, command, (session) => runMove(request, session));
    });
}
