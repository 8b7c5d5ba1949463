/** The end of a subscription, step by step. The steps are the same as in docs/explanation/message-path.md. */
import type { Logger } from "pino";
import type { Consumer } from "../ports/broker.ts";
import { sleep, TIMED_OUT, withTimeout } from "../primitives/abort.ts";
import type { AckBatch } from "./ack-batch.ts";
import { InterruptedError } from "./dispatch.ts";
import type { Held, Holdings } from "./held.ts";
import type { Schedule } from "./schedule.ts";

export interface DrainReport {
  /** Handlers that ended by themselves. */
  readonly finished: number;
  /** Handlers whose signal was aborted at the deadline. */
  readonly cancelled: number;
  /** Handed back, unfinished. */
  readonly released: number;
}

/** What is aborted gets this long to end, and the broker this long to take the last settlements. */
const GRACE_MS = 1200;

export interface DrainOptions {
  readonly schedule: Schedule;
  readonly holdings: Holdings;
  readonly acks: AckBatch;
  readonly consumer: Consumer;
  /** Aborting it ends settlements that the broker keeps refusing. */
  readonly settling: AbortController;
  /** Settles when nothing can arrive any more. */
  readonly intakeEnded: () => Promise<unknown>;
  readonly log: Logger;
}

/** Hands back what waits its turn. */
export async function releaseIdle(options: DrainOptions): Promise<number> {
  return release(options.schedule.takeIdle(), options);
}

/**
 * 1. what runs may finish, 2. what still runs is aborted, 3. acks are sent, 4. the last read and claim have ended,
 * 5. the rest is handed back.
 */
export async function drain(options: DrainOptions, deadline: number): Promise<DrainReport> {
  const { schedule, holdings, acks, settling } = options;
  const atStart = schedule.running;
  while (schedule.running > 0 && performance.now() < deadline) await sleep(5);
  const cancelled = schedule.running;
  for (const held of holdings.all()) held.running?.interrupt(new InterruptedError("interrupted"));
  const graceEnd = performance.now() + GRACE_MS;
  while (schedule.running > 0 && performance.now() < graceEnd) {
    await sleep(5);
    if (performance.now() > graceEnd - GRACE_MS / 2) settling.abort();
  }
  await withTimeout(acks.flush(AbortSignal.timeout(GRACE_MS)), GRACE_MS * 2);
  settling.abort();
  await withTimeout(options.intakeEnded(), GRACE_MS);
  // For its timers: what was parked since is among what is held.
  schedule.takeIdle();
  const released = await release([...holdings.all()], options);
  return { finished: atStart - cancelled, cancelled, released };
}

async function release(items: readonly Held[], { consumer, holdings, log }: DrainOptions): Promise<number> {
  const mine = items.filter((held) => !held.isLost);
  if (mine.length > 0) {
    const handBack = consumer.release(mine.map((held) => held.delivery));
    const result = await withTimeout(handBack, GRACE_MS).catch((error: unknown) => error);
    if (result !== undefined) {
      const reason = result === TIMED_OUT ? "the broker did not answer" : result;
      log.warn(
        { err: reason, messages: mine.length },
        "could not hand back: they are claimed when their lease runs out",
      );
    }
  }
  for (const held of items) holdings.forget(held);
  return mine.length;
}
