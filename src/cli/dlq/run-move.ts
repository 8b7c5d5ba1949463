/** `dlq replay` and `dlq purge`: choose, count, ask, move, tell. */
import type { Command } from "commander";
import { EngineError } from "../../errors.ts";
import type { GroupAddress } from "../../ports/broker-admin.ts";
import type { DeadLetters } from "../../ports/dead-letters.ts";
import type { CliContext } from "../command.ts";
import { confirm } from "../confirm.ts";
import { EXIT, type ExitCode } from "../exit-code.ts";
import type { BrokerSession } from "../open-brokers.ts";
import { createProgress, type Progress } from "../progress.ts";
import { audited, type AuditedAction } from "./audit.ts";
import { isEmptyFilter, type LetterFilter } from "./filter.ts";
import { findLetters } from "./find-letters.ts";
import { moveLetters, type LetterBatch, type MoveOptions, type MoveTotals } from "./move-letters.ts";
import { filterOf, whereOf, type MoveCommandOptions } from "./options.ts";
import { currentRanges, scanAll, type Located, type Range } from "./scan.ts";

/** What tells replay and purge apart. */
export interface MoveKind {
  readonly action: AuditedAction["action"];
  /** "replay" */
  readonly verb: string;
  /** "replayed" */
  readonly done: string;
  move(deadLetters: DeadLetters, batch: LetterBatch, totals: MoveTotals): Promise<void>;
}

export interface MoveRequest {
  readonly kind: MoveKind;
  readonly ids: readonly string[];
  readonly options: MoveCommandOptions;
  readonly context: CliContext;
}

interface Selected {
  readonly addresses: readonly GroupAddress[];
  readonly ranges: readonly Range[];
  readonly filter: LetterFilter;
  /** Given ids, found; null: whatever matches in the ranges. */
  readonly letters: readonly Located[] | null;
}

/** Ids, a filter or `--all`: one of them has to be said, and ids go with nothing else. */
export function checkSelection({ kind, ids, options }: MoveRequest, command: Command): void {
  const hasFilter = [options.type, options.error, options.since].some((value) => value !== undefined);
  if (ids.length > 0 && (hasFilter || options.all === true || options.limit !== undefined)) {
    throw new EngineError("ENGINE_USAGE", "ids exclude --all, --type, --error, --since and --limit");
  }
  if (ids.length > 0 || hasFilter || options.all === true) return;
  throw new EngineError("ENGINE_USAGE", `which dead letters are to be ${kind.done}?`, {
    hint: `Give ids, a filter (--type, --error, --since), or --all. See \`engine dlq ${command.name()} --help\`.`,
  });
}

export async function runMove(request: MoveRequest, session: BrokerSession): Promise<ExitCode> {
  const { kind, options, context } = request;
  const { adapter, signal } = session;
  const selected = await select(request, adapter.deadLetters);
  if (options.dryRun === true || options.yes !== true) {
    const count = await countLetters(selected, request, session);
    if (signal.aborted) return EXIT.FAILED;
    if (options.dryRun === true || count === 0) return tellCount(count, request);
    const question = `${capital(kind.verb)} ${letterCount(count)} of ${groupsOf(selected).join(", ")}?`;
    if (!(await confirm(question, { stdin: context.stdin, stderr: context.output.stderr }, signal))) {
      context.output.note(`nothing was ${kind.done}`);
      return EXIT.FAILED;
    }
  }
  return moveSelected(selected, request, session);
}

async function select({ ids, options, context }: MoveRequest, deadLetters: DeadLetters): Promise<Selected> {
  const addresses = await whereOf(options, context, deadLetters);
  const filter = filterOf(options, context);
  if (ids.length > 0) {
    return { addresses, ranges: [], filter, letters: await findLetters(deadLetters, addresses, ids) };
  }
  return { addresses, ranges: await currentRanges(deadLetters, addresses), filter, letters: null };
}

async function countLetters(
  { letters, filter, ranges }: Selected,
  { options, context }: MoveRequest,
  { adapter: { deadLetters }, signal }: BrokerSession,
): Promise<number> {
  const limit = options.limit ?? Number.POSITIVE_INFINITY;
  if (letters !== null) return letters.length;
  const depth = depthOf(ranges);
  if (isEmptyFilter(filter)) return Math.min(depth, limit);
  const progress = createProgress(context.output, "looking", depth);
  let looked = 0;
  let count = 0;
  const onLooked = (): void => progress.update((looked += 1), `${count} found`);
  try {
    for await (const _ of scanAll(deadLetters, ranges, { filter, signal, onLooked })) {
      count += 1;
      if (count >= limit) break;
    }
    return count;
  } finally {
    progress.stop();
  }
}

async function tellCount(count: number, { kind, options, context: { output } }: MoveRequest): Promise<ExitCode> {
  if (options.json === true)
    await output.json({ action: kind.action, dry_run: options.dryRun === true, matched: count });
  else await output.line(count === 0 ? "no dead letters match" : `${letterCount(count)} would be ${kind.done}`);
  return EXIT.OK;
}

async function moveSelected(selected: Selected, request: MoveRequest, session: BrokerSession): Promise<ExitCode> {
  const { kind, options, context } = request;
  const { config, signal } = session;
  const { deadLetters } = session.adapter;
  const totals: MoveTotals = { moved: 0, notFound: 0 };
  const expected =
    selected.letters?.length ?? Math.min(depthOf(selected.ranges), options.limit ?? Number.POSITIVE_INFINITY);
  const progress = createProgress(context.output, kind.verb, expected);
  const moveOptions = moveOptionsOf(request, session, progress);
  const letters = selected.letters ?? scanAll(deadLetters, selected.ranges, { filter: selected.filter, signal });
  // Audit lines are written whatever the configured level.
  const log = context.createLogger({ ...config.logging, level: "info" });
  const audit = { log, action: kind.action, subscriptions: groupsOf(selected), selection: selectionOf(request) };
  try {
    await audited(audit, totals, () => moveLetters(letters, totals, moveOptions));
  } catch (error) {
    throw withTotals(error, totals, kind);
  } finally {
    progress.stop();
  }
  return tellTotals(totals, request, signal.aborted);
}

function moveOptionsOf(
  { kind, options, context }: MoveRequest,
  { adapter: { deadLetters }, signal }: BrokerSession,
  progress: Progress,
): MoveOptions {
  return {
    move: (batch, totals) => kind.move(deadLetters, batch, totals),
    ratePerSecond: options.rate ?? null,
    limit: options.limit ?? null,
    clock: context.clock,
    signal,
    onProgress: ({ moved }) => progress.update(moved, `${moved.toLocaleString("en-US")} ${kind.done}`),
  };
}

async function tellTotals(totals: MoveTotals, request: MoveRequest, isInterrupted: boolean): Promise<ExitCode> {
  const { kind, options, context } = request;
  const { output } = context;
  const { moved, notFound } = totals;
  if (options.json === true) {
    await output.json({ action: kind.action, [kind.done]: moved, not_found: notFound, interrupted: isInterrupted });
  } else {
    const gone = notFound === 0 ? "" : `; ${notFound} were gone before their turn`;
    await output.line(`${kind.done} ${letterCount(moved)}${gone}`);
  }
  if (isInterrupted) output.note("interrupted: the rest is where it was");
  return isInterrupted ? EXIT.FAILED : EXIT.OK;
}

function withTotals(error: unknown, { moved }: MoveTotals, kind: MoveKind): unknown {
  if (!(error instanceof EngineError)) return error;
  return new EngineError(error.code, `${error.message}. ${letterCount(moved)} ${kind.done} before it.`, {
    hint: "What was not moved is where it was: the same command goes on from there.",
    cause: error,
  });
}

function selectionOf({ ids, options }: MoveRequest): Readonly<Record<string, unknown>> {
  const { type, error, since, limit, rate, all } = options;
  return { ids: ids.slice(0, 100), idCount: ids.length, type, error, since, limit, rate, all: all === true };
}

function groupsOf({ addresses, letters }: Selected): string[] {
  return [...new Set((letters ?? addresses.map((address) => ({ address }))).map(({ address }) => address.group))];
}

function depthOf(ranges: readonly Range[]): number {
  return ranges.reduce((total, range) => total + range.depth, 0);
}

function letterCount(count: number): string {
  return count === 1 ? "1 dead letter" : `${count.toLocaleString("en-US")} dead letters`;
}

function capital(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}
