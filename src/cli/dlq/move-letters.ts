/** Sending many dead letters somewhere (back to their handler, or away), in order, bounded and paced. */
import type { Clock } from "../../ports/clock.ts";
import type { GroupAddress } from "../../ports/broker-admin.ts";
import { sleep } from "../../primitives/abort.ts";
import type { Located } from "./scan.ts";

/** Letters on their way at once. */
const BATCH_SIZE = 50;

/** Letters of one subscription, in order. */
export interface LetterBatch {
  readonly address: GroupAddress;
  readonly ids: readonly string[];
}

/** Counted while the move runs, so that a failure half-way can say how far it came. */
export interface MoveTotals {
  moved: number;
  /** Gone by the time it was their turn: somebody else was faster. */
  notFound: number;
}

export interface MoveOptions {
  /** Moves one batch, in order; adds to the totals whatever it did, also when it throws. */
  move(batch: LetterBatch, totals: MoveTotals): Promise<void>;
  /** At most so many per second; null: as fast as the broker takes them. */
  readonly ratePerSecond: number | null;
  /** At most so many letters; null: all. */
  readonly limit: number | null;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  onProgress(totals: MoveTotals): void;
}

/** Ends at the last letter, at the limit, or when the signal aborts. */
export async function moveLetters(
  letters: AsyncIterable<Located> | Iterable<Located>,
  totals: MoveTotals,
  options: MoveOptions,
): Promise<void> {
  const startedAt = options.clock.monotonicMs();
  const { ratePerSecond: rate } = options;
  const batchSize = rate === null ? BATCH_SIZE : Math.min(Math.max(Math.floor(rate / 10), 1), BATCH_SIZE);
  let handedOut = 0;

  async function moveBatch(batch: LetterBatch): Promise<void> {
    if (rate !== null) {
      const dueMs = startedAt + (handedOut / rate) * 1_000;
      await sleep(Math.max(dueMs - options.clock.monotonicMs(), 0), options.signal);
    }
    if (options.signal.aborted) return;
    handedOut += batch.ids.length;
    await options.move(batch, totals);
    options.onProgress(totals);
  }

  for await (const batch of batches(letters, batchSize, options.limit)) {
    if (options.signal.aborted) return;
    await moveBatch(batch);
  }
}

/** Consecutive letters of one subscription, in batches; at most `limit` letters altogether. */
async function* batches(
  letters: AsyncIterable<Located> | Iterable<Located>,
  size: number,
  limit: number | null,
): AsyncGenerator<LetterBatch> {
  let address: GroupAddress | null = null;
  let ids: string[] = [];
  let taken = 0;
  for await (const located of letters) {
    if (limit !== null && taken >= limit) break;
    if (address !== null && (ids.length >= size || !isSame(address, located.address))) {
      yield { address, ids };
      ids = [];
    }
    address = located.address;
    ids.push(located.letter.id);
    taken += 1;
  }
  if (address !== null && ids.length > 0) yield { address, ids };
}

function isSame(a: GroupAddress, b: GroupAddress): boolean {
  return a.stream === b.stream && a.group === b.group;
}
