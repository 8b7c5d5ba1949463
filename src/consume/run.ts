/** One held delivery's turn: alone and marked if it is a suspect, then processed, then out of the way or parked. */
import type { Logger } from "pino";
import type { Consumer } from "../ports/broker.ts";
import type { Semaphore } from "../primitives/semaphore.ts";
import type { Capacity } from "./capacity.ts";
import type { CircuitBreaker } from "./circuit-breaker.ts";
import type { Counts } from "./counts.ts";
import { InterruptedError } from "./dispatch.ts";
import type { Held, Holdings } from "./held.ts";
import { checkBytes } from "./hold.ts";
import { process, type ProcessSteps } from "./process.ts";
import type { Schedule } from "./schedule.ts";
import type { Disposition } from "./settle.ts";

export interface RunOptions {
  readonly consumer: Consumer;
  readonly schedule: Schedule;
  readonly holdings: Holdings;
  readonly breaker: CircuitBreaker;
  readonly capacity: Capacity;
  readonly counts: Counts;
  readonly steps: ProcessSteps;
  readonly log: Logger;
  /** One suspect at a time in the whole process: a crash is charged to the right one. */
  readonly suspectTurn: Semaphore;
}

export async function run(held: Held, options: RunOptions): Promise<void> {
  const { schedule, holdings, capacity, counts, log } = options;
  const { history, entryId } = held.delivery;
  const startedMs = performance.now();
  let disposition: Disposition = { kind: "settled" };
  if (history.failures + history.crashes > 0) counts.add("retried", 1);
  try {
    const isProbe = options.breaker.circuit.state === "half_open";
    disposition = held.isSuspect
      ? await runSuspect(held, isProbe, options)
      : await runChecked(held, isProbe, options);
  } catch (error) {
    // Only a fault of our own comes here. The delivery stays pending: it is claimed when its lease runs out.
    log.fatal({ err: error, entryId }, "a delivery could not be settled");
    holdings.forget(held);
  }
  capacity.observeRun(performance.now() - startedMs);
  if (disposition.kind === "parked") schedule.park(held, disposition.delayMs);
  else schedule.finish(held);
}

async function runChecked(held: Held, isProbe: boolean, { consumer, steps, log }: RunOptions): Promise<Disposition> {
  if (held.needsByteCheck) {
    try {
      await checkBytes(held, consumer);
    } catch (error) {
      log.warn({ err: error, entryId: held.delivery.entryId }, "an entry's bytes could not be looked at: trying again");
      return { kind: "parked", delayMs: 1000 };
    }
  }
  return process(held, isProbe, steps);
}

async function runSuspect(held: Held, isProbe: boolean, options: RunOptions): Promise<Disposition> {
  const release = await options.suspectTurn.acquire();
  try {
    if (!held.isLost && !(await options.consumer.markInHand(held.delivery))) lose(held);
    return await runChecked(held, isProbe, options);
  } catch (error) {
    options.log.warn({ err: error, entryId: held.delivery.entryId }, "a suspect could not be marked as in hand: trying again");
    return { kind: "parked", delayMs: 1000 };
  } finally {
    release();
  }
}

/** Another consumer holds it: end its run, and settle nothing. */
export function lose(held: Held): void {
  held.isLost = true;
  held.running?.interrupt(new InterruptedError("lost"));
}
