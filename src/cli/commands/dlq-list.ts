import type { Command } from "commander";
import { createCommand, type CliContext } from "../command.ts";
import {
  addFilterOptions,
  addWhereOptions,
  filterOf,
  whereOf,
  type FilterOptions,
  type WhereOptions,
} from "../dlq/options.ts";
import { LETTER_COLUMNS, letterJson, letterRow } from "../dlq/letter-text.ts";
import { currentRanges, scanMerged, type Located } from "../dlq/scan.ts";
import { withBroker, type BrokerSession } from "../open-brokers.ts";
import type { Output } from "../output.ts";

const DEFAULT_LIMIT = 50;
/** Rows whose widths are worked out together. */
const ROWS_AT_ONCE = 200;

interface ListOptions extends WhereOptions, FilterOptions {
  readonly json?: boolean;
  readonly limit: number;
}

/** `engine dlq list`: oldest first. With `--json`, JSON Lines: one dead letter a line. */
export function dlqListCommand(context: CliContext): Command {
  const command = createCommand("list", "list dead letters, oldest first", [
    "dlq list --domain=app",
    "dlq list --stream=order --since=24h --error=TimeoutError",
    "dlq list --domain=app --subscription=AuditHandler --limit=1000 --json | jq .failure.error.message",
  ]);
  addFilterOptions(addWhereOptions(command), "show at most so many", DEFAULT_LIMIT);
  return command
    .option("--json", "print JSON Lines: one dead letter a line")
    .action((options: ListOptions) => withBroker(context, command, (session) => list(options, context, session)));
}

async function list(
  options: ListOptions,
  context: CliContext,
  { adapter: { deadLetters }, signal: interrupted }: BrokerSession,
): Promise<void> {
  const { output } = context;
  const signal = AbortSignal.any([interrupted, output.closed]);
  const filter = filterOf(options, context);
  const ranges = await currentRanges(deadLetters, await whereOf(options, context, deadLetters));
  const print = options.json === true ? printLines : printTable;
  const { shown, hasMore } = await print(scanMerged(deadLetters, ranges, { filter, signal }), options.limit, output);
  if (shown === 0) output.note("no dead letters");
  if (hasMore) output.note(`there are more than ${shown}: --limit shows more, \`engine dlq stats\` counts them all`);
}

interface Printed {
  readonly shown: number;
  readonly hasMore: boolean;
}

async function printLines(letters: AsyncIterable<Located>, limit: number, output: Output): Promise<Printed> {
  let shown = 0;
  for await (const { letter } of letters) {
    if (shown === limit) return { shown, hasMore: true };
    await output.jsonLine(letterJson(letter));
    shown += 1;
  }
  return { shown, hasMore: false };
}

async function printTable(letters: AsyncIterable<Located>, limit: number, output: Output): Promise<Printed> {
  let shown = 0;
  let hasMore = false;
  let rows: ReturnType<typeof letterRow>[] = [];
  for await (const { letter } of letters) {
    hasMore = shown === limit;
    if (hasMore) break;
    rows.push(letterRow(letter));
    shown += 1;
    if (rows.length < ROWS_AT_ONCE) continue;
    await output.table(LETTER_COLUMNS, rows, { hasHeader: shown === rows.length });
    rows = [];
  }
  if (rows.length > 0) await output.table(LETTER_COLUMNS, rows, { hasHeader: shown === rows.length });
  return { shown, hasMore };
}
