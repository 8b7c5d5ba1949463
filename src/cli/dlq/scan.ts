/** Going through dead letters in pages, oldest first: a million of them never stand in memory at once. */
import type { GroupAddress } from "../../ports/broker-admin.ts";
import type { DeadLetter, DeadLetters } from "../../ports/dead-letters.ts";
import { deadLetteredAtMs, matches, type LetterFilter } from "./filter.ts";

const PAGE_SIZE = 100;

export interface Located {
  readonly address: GroupAddress;
  readonly letter: DeadLetter;
}

/** Where to look, and up to which id: what was there when the command began. */
export interface Range {
  readonly address: GroupAddress;
  readonly untilId: string;
  readonly depth: number;
}

/** The ranges as they stand now. A message that fails again while the command runs lies behind its range. */
export async function currentRanges(deadLetters: DeadLetters, addresses: readonly GroupAddress[]): Promise<Range[]> {
  const ranges: Range[] = [];
  for (const address of addresses) {
    const { newestId, depth } = await deadLetters.depth(address);
    if (newestId !== null) ranges.push({ address, untilId: newestId, depth });
  }
  return ranges;
}

export interface ScanOptions {
  readonly filter: LetterFilter;
  readonly signal: AbortSignal;
  /** Told after each letter looked at, whether it matched or not. */
  readonly onLooked?: () => void;
}

/** The letters of one range that match. Letters may be removed while it runs. Ends early when the signal aborts. */
async function* scanRange(deadLetters: DeadLetters, range: Range, options: ScanOptions): AsyncGenerator<Located> {
  const { filter, signal } = options;
  // Skips what is surely older; the filter decides about the rest.
  let after = filter.sinceMs === undefined ? null : `${Math.max(filter.sinceMs - 1, 0)}-0`;
  do {
    const page = await deadLetters.list(range.address, after, PAGE_SIZE);
    for (const letter of page.letters) {
      if (signal.aborted || compareIds(letter.id, range.untilId) > 0) return;
      options.onLooked?.();
      if (matches(letter, filter)) yield { address: range.address, letter };
    }
    after = page.next;
  } while (after !== null);
}

/** The letters of all ranges, one range after the other. */
export async function* scanAll(
  deadLetters: DeadLetters,
  ranges: readonly Range[],
  options: ScanOptions,
): AsyncGenerator<Located> {
  for (const range of ranges) yield* scanRange(deadLetters, range, options);
}

/** The letters of all ranges, merged by the time they were dead-lettered. */
export async function* scanMerged(
  deadLetters: DeadLetters,
  ranges: readonly Range[],
  options: ScanOptions,
): AsyncGenerator<Located> {
  const heads: { scan: AsyncGenerator<Located>; next: Located }[] = [];
  for (const range of ranges) {
    const scan = scanRange(deadLetters, range, options);
    const first = await scan.next();
    if (first.done !== true) heads.push({ scan, next: first.value });
  }
  while (heads.length > 0) {
    const oldest = heads.reduce((a, b) => (compareIds(b.next.letter.id, a.next.letter.id) < 0 ? b : a));
    yield oldest.next;
    const following = await oldest.scan.next();
    if (following.done === true) heads.splice(heads.indexOf(oldest), 1);
    else oldest.next = following.value;
  }
}

/** Orders ids of the form `ms-sequence`; sequences may pass 2^53. */
function compareIds(a: string, b: string): number {
  const byTime = deadLetteredAtMs(a) - deadLetteredAtMs(b);
  if (byTime !== 0) return byTime;
  const difference = sequenceOf(a) - sequenceOf(b);
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
}

function sequenceOf(id: string): bigint {
  const [, sequence = "0"] = id.split("-");
  return /^\d+$/.test(sequence) ? BigInt(sequence) : 0n;
}
