import { Command } from "commander";
import type { CliContext } from "../command.ts";
import { dlqListCommand } from "./dlq-list.ts";
import { dlqPurgeCommand } from "./dlq-purge.ts";
import { dlqReplayCommand } from "./dlq-replay.ts";
import { dlqShowCommand } from "./dlq-show.ts";
import { dlqStatsCommand } from "./dlq-stats.ts";

/** `engine dlq …`: dead letters, across subscriptions. */
export function dlqCommand(context: CliContext): Command {
  return new Command("dlq")
    .description("look at dead letters, replay or purge them")
    .addCommand(dlqListCommand(context))
    .addCommand(dlqShowCommand(context))
    .addCommand(dlqReplayCommand(context))
    .addCommand(dlqPurgeCommand(context))
    .addCommand(dlqStatsCommand(context));
}
