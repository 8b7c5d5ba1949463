/**
 * Acks, many at a time. What is handled in one turn of the event loop goes in one call; while a call is on its way the
 * next ones gather. A call that fails is repeated until it succeeds or the batch is closed: until then the
 * messages stay held, and count against the limit that stops reading.
 */
import type { Logger } from "pino";
import { BrokerError } from "../errors.ts";
import type { Consumer } from "../ports/broker.ts";
import { backoffMs } from "../primitives/backoff.ts";
import { sleep } from "../primitives/abort.ts";
import type { Held } from "./held.ts";

const MAX_BATCH = 500;
const RETRY = { baseMs: 50, maxMs: 2000 };

export interface AckBatch {
  add(held: Held): void;
  /** Resolves when nothing waits to be acked any more; early, with what is left, once `signal` aborts. */
  flush(signal: AbortSignal): Promise<void>;
  /** Resolves when nothing waits to be acked any more, or the batch was flushed for good. */
  whenSent(): Promise<void>;
  readonly size: number;
}

export interface AckBatchOptions {
  readonly consumer: Consumer;
  readonly log: Logger;
  /** They are settled: no longer held. `fenced` of them another consumer holds. */
  readonly onAcked: (batch: readonly Held[], fenced: number) => void;
}

export function createAckBatch({ consumer, log, onAcked }: AckBatchOptions): AckBatch {
  let waiting: Held[] = [];
  let onTheWay = 0;
  let flushing: Promise<void> | null = null;
  let stopSignal: AbortSignal | undefined;

  async function send(batch: readonly Held[]): Promise<void> {
    for (let failures = 1; ; failures += 1) {
      try {
        onAcked(batch, await consumer.ack(batch.map((held) => held.delivery)));
        return;
      } catch (error) {
        if (error instanceof BrokerError && error.isGroupGone) {
          // Nothing is pending in a group that is gone; what is left in the stream will be delivered again.
          onAcked(batch, 0);
          return;
        }
        log.warn({ err: error, messages: batch.length, failures }, "ack failed: trying again");
        if (stopSignal?.aborted) throw error;
        await sleep(RETRY.baseMs + backoffMs(failures, RETRY), stopSignal);
        if (stopSignal?.aborted) throw error;
      }
    }
  }

  async function run(): Promise<void> {
    while (waiting.length > 0) {
      const batch = waiting.slice(0, MAX_BATCH);
      waiting = waiting.slice(MAX_BATCH);
      onTheWay = batch.length;
      try {
        await send(batch);
      } catch {
        // Closing: these stay pending, and are delivered again (send has logged why).
        waiting = [];
      } finally {
        onTheWay = 0;
      }
    }
  }

  function start(): void {
    flushing ??= new Promise<void>((resolve) => {
      setImmediate(() => {
        void run().finally(() => {
          flushing = null;
          if (waiting.length > 0) start();
          resolve();
        });
      });
    });
  }

  async function whenSent(): Promise<void> {
    while (flushing) await flushing;
  }

  return {
    add(held) {
      waiting.push(held);
      start();
    },
    flush(signal) {
      stopSignal = signal;
      return whenSent();
    },
    whenSent,
    get size() {
      return waiting.length + onTheWay;
    },
  };
}
