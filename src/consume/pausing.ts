/**
 * The pause of a subscription: nothing is read or claimed, what runs finishes, and whatever waits, now or later, is
 * handed back to the group, uncounted. After it, what nobody took meanwhile is taken back.
 */
import type { Logger } from "pino";
import type { PauseMark } from "../ports/control.ts";

export interface Pausing {
  /** Null: it is not paused. */
  readonly mark: PauseMark | null;
  /**
   * Pauses, or with null resumes. Resolves when nothing is read any more and what waited is handed back; or when it
   * reads again.
   */
  set(mark: PauseMark | null): Promise<void>;
  /** Something came in, or came to rest: during a pause it is handed back. */
  settleDown(): void;
}

export interface PausingOptions {
  readonly log: Logger;
  /** Ends a waiting read. */
  readonly stopReading: () => Promise<void>;
  /** Hands back everything that does not run. Never rejects. */
  readonly handBack: () => Promise<number>;
  /** Reads on, looking first for what is this process's still. */
  readonly readOn: () => void;
}

export function createPausing({ log, stopReading, handBack, readOn }: PausingOptions): Pausing {
  let mark: PauseMark | null = null;
  /** Hand-overs one after another: the last one ends when all have. */
  let handedBack: Promise<unknown> = Promise.resolve();
  /** One order after another: a pause that still hands back must not do so to what its resume has taken up. */
  let lastOrder: Promise<void> = Promise.resolve();

  function giveUpIdle(): Promise<unknown> {
    const released = handBack();
    handedBack = Promise.all([handedBack, released]);
    return handedBack;
  }

  async function pause(next: PauseMark): Promise<void> {
    const wasPaused = mark !== null;
    mark = next;
    if (wasPaused) return;
    log.warn({ ...next }, "paused: nothing is read until it is resumed");
    await stopReading();
    await giveUpIdle();
  }

  async function resume(): Promise<void> {
    if (mark === null) return;
    mark = null;
    // What is on its way back must have arrived before it is looked for.
    await handedBack;
    log.info("resumed");
    readOn();
  }

  return {
    get mark() {
      return mark;
    },
    set(next) {
      const order = lastOrder.then(() => (next === null ? resume() : pause(next)));
      lastOrder = order.catch(() => undefined);
      return order;
    },
    settleDown() {
      if (mark !== null) void giveUpIdle();
    },
  };
}
