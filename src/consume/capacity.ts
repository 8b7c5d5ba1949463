/**
 * How many entries to ask for next. Read ahead of fast handlers, so that they never wait for a round trip; never hoard
 * what slow handlers cannot start soon, so that other workers can have it; and stop at limits of count and bytes.
 */

/** Work that may lie ready beyond what runs, measured in time. */
const READ_AHEAD_MS = 100;
const MAX_HELD_BYTES = 64 * 1024 * 1024;
/** Weight of the newest observation in a moving average. */
const SMOOTHING = 0.1;

export interface CapacityInput {
  readonly running: number;
  /** Ready to run and waiting for a free place. */
  readonly ready: number;
  /** Everything held: also parked, waiting behind a key, and not yet acked. */
  readonly held: number;
  readonly heldBytes: number;
}

export interface Capacity {
  /** How many entries to read now; 0: wait until something is settled. */
  wanted(input: CapacityInput): number;
  /**
   * How many deliveries of lost consumers to take over now. Not what `wanted` says: a worker that is always busy would
   * never look after them.
   */
  claimable(input: CapacityInput): number;
  /** A handler ran for so long. */
  observeRun(durationMs: number): void;
  observeEntry(bytes: number): void;
}

export interface CapacityOptions {
  readonly messagesPerTick: number;
  readonly concurrency: number;
}

export function createCapacity({ messagesPerTick, concurrency }: CapacityOptions): Capacity {
  const maxHeld = Math.max(1000, messagesPerTick * 10);
  let averageRunMs: number | null = null;
  let averageBytes = 512;

  /** Running plus ready, at most. Before anything is known, what can start at once. */
  function target(): number {
    if (averageRunMs === null) return concurrency;
    const ahead = (concurrency * READ_AHEAD_MS) / Math.max(averageRunMs, 0.01);
    return Math.min(concurrency + ahead, concurrency + messagesPerTick * 2);
  }

  return {
    wanted({ running, ready, held, heldBytes }) {
      const goal = target();
      const free = Math.floor(Math.min(goal - running - ready, maxHeld - held));
      const bytesLeft = MAX_HELD_BYTES - heldBytes;
      if (free < 1 || bytesLeft <= 0) return 0;
      // Half of what is read ahead is used up before more is asked for: few, full batches.
      if (ready > 0 && free < Math.min(messagesPerTick, (goal - concurrency) / 2)) return 0;
      return Math.max(1, Math.min(free, messagesPerTick, Math.floor(bytesLeft / averageBytes)));
    },
    claimable({ ready, held, heldBytes }) {
      if (ready > concurrency + messagesPerTick * 2 || heldBytes > MAX_HELD_BYTES) return 0;
      return Math.max(0, Math.min(concurrency, maxHeld - held));
    },
    observeRun(durationMs) {
      averageRunMs = averageRunMs === null ? durationMs : averageRunMs + (durationMs - averageRunMs) * SMOOTHING;
    },
    observeEntry(bytes) {
      averageBytes = Math.max(1, averageBytes + (bytes - averageBytes) * SMOOTHING);
    },
  };
}
