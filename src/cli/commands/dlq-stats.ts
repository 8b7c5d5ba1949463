import type { Command } from "commander";
import { createCommand, JSON_OPTION, type CliContext } from "../command.ts";
import { formatInstant } from "../dlq/filter.ts";
import { createLetterGroups, type LetterGroup } from "../dlq/group-letters.ts";
import {
  addFilterOptions,
  addWhereOptions,
  filterOf,
  whereOf,
  type FilterOptions,
  type WhereOptions,
} from "../dlq/options.ts";
import { currentRanges, scanAll, type ScanOptions } from "../dlq/scan.ts";
import { EXIT } from "../exit-code.ts";
import { withBroker, type BrokerSession } from "../open-brokers.ts";
import { createProgress } from "../progress.ts";
import type { Column } from "../table.ts";

const COLUMNS: readonly Column[] = [
  { title: "subscription" },
  { title: "count", align: "right" },
  { title: "reason" },
  { title: "error" },
  { title: "fingerprint", isWhole: true },
  { title: "oldest (UTC)", isWhole: true },
  { title: "newest (UTC)", isWhole: true },
];

interface StatsOptions extends WhereOptions, FilterOptions {
  readonly json?: boolean;
}

/** `engine dlq stats`: dead letters counted by subscription and error. */
export function dlqStatsCommand(context: CliContext): Command {
  const command = createCommand("stats", "count dead letters by subscription and error", [
    "dlq stats --domain=app",
    "dlq stats --stream=order --since=7d --json",
  ]);
  addFilterOptions(addWhereOptions(command), "show at most so many kinds, the most frequent");
  return command
    .option(...JSON_OPTION)
    .action((options: StatsOptions) => withBroker(context, command, (session) => stats(options, context, session)));
}

async function stats(
  options: StatsOptions,
  context: CliContext,
  { adapter: { deadLetters }, signal }: BrokerSession,
): Promise<void> {
  const { output } = context;
  const filter = filterOf(options, context);
  const ranges = await currentRanges(deadLetters, await whereOf(options, context, deadLetters));
  const depth = ranges.reduce((total, range) => total + range.depth, 0);
  const progress = createProgress(output, "counting", depth);
  const groups = createLetterGroups();
  let looked = 0;
  let matched = 0;
  const onLooked = (): void => progress.update((looked += 1), looked.toLocaleString("en-US"));
  const scan: ScanOptions = { filter, signal, onLooked };
  try {
    for await (const { letter } of scanAll(deadLetters, ranges, scan)) {
      groups.add(letter);
      matched += 1;
    }
  } finally {
    progress.stop();
  }
  const shown = groups.list().slice(0, options.limit);
  if (options.json === true)
    await output.json({ total: matched, complete: !signal.aborted, groups: shown.map(toJson) });
  else if (matched === 0) output.note("no dead letters");
  else await output.table(COLUMNS, shown.map(toRow));
  if (!signal.aborted) return;
  output.note(`interrupted after ${looked} of ${depth} dead letters`);
  context.exitCode = EXIT.FAILED;
}

function toRow(group: LetterGroup): (string | number | null)[] {
  const { subscription, count, reason, error, fingerprint, oldestMs, newestMs } = group;
  return [subscription, count, reason, error, fingerprint, formatInstant(oldestMs), formatInstant(newestMs)];
}

function toJson({ oldestMs, newestMs, ...group }: LetterGroup): object {
  return { ...group, oldest: new Date(oldestMs).toISOString(), newest: new Date(newestMs).toISOString() };
}
