/** One held delivery's turn: alone and marked if it is a suspect, then processed, then out of the way or parked. */
import type { Logger } from "pino";
import type { Consumer } from "../ports/broker.ts";
import type { Semaphore } from "../primitives/semaphore.ts";
import type { Capacity } from "./capacity.ts";
import type { CircuitBreaker } from "./circuit-breaker.ts";
import type { Counts } from "./counts.ts";
import { InterruptedError } from "./dispatch.ts";
import { describeError, type Redact } from "./failure-record.ts";
import type { Held } from "./held.ts";
import { checkBytes } from "./hold.ts";
import { process, type ProcessSteps } from "./process.ts";
import type { Schedule } from "./schedule.ts";
import type { Disposition } from "./settle.ts";

export interface RunOptions {
  readonly consumer: Consumer;
  readonly schedule: Schedule;
  readonly breaker: CircuitBreaker;
  readonly capacity: Capacity;
  readonly counts: Counts;
  readonly steps: ProcessSteps;
  readonly log: Logger;
  readonly redact: Redact;
  /** No run may begin any more. */
  readonly isStopping: () => boolean;
  /** For now. */
  readonly isPaused: () => boolean;
  /** One suspect at a time in the whole process: a crash is charged to the right one. */
  readonly suspectTurn: Semaphore;
  /** What was handled has been acked in the broker. */
  readonly whenAcked: () => Promise<void>;
  /** A run is over: there may be room for more. */
  readonly onOver: () => void;
}

const UNFINISHED: Disposition = { kind: "unfinished" };
/** What the broker refuses before a run is asked again after this long. */
const SOON: Disposition = { kind: "parked", delayMs: 1000 };
/** After a fault of our own, so that it does not repeat itself in a tight loop. */
const AFTER_FAULT: Disposition = { kind: "parked", delayMs: 10_000 };

/** Never rejects. */
export async function run(held: Held, options: RunOptions): Promise<void> {
  const { schedule, capacity, counts, log } = options;
  const { history, entryId } = held.delivery;
  const startedMs = performance.now();
  let disposition: Disposition;
  if (history.failures + history.crashes > 0) counts.add("retried", 1);
  try {
    const isProbe = options.breaker.circuit.state === "half_open";
    if (held.isSuspect) disposition = await runSuspect(held, isProbe, options);
    else if (held.needsByteCheck) disposition = await runChecked(held, isProbe, options);
    // Nearly all are neither, and go straight on.
    else disposition = await process(held, isProbe, options.steps);
  } catch (error) {
    // It stays held: nobody else would ever try it, for its lease is ours and is renewed.
    log.fatal(
      { error: describeError(error, options.redact), entryId },
      "a delivery could not be settled: trying again",
    );
    disposition = AFTER_FAULT;
  }
  const durationMs = performance.now() - startedMs;
  capacity.observeRun(durationMs);
  counts.ran(durationMs);
  if (disposition.kind === "parked" && !options.isStopping()) schedule.park(held, disposition.delayMs);
  else schedule.finish(held);
  options.onOver();
}

async function runChecked(held: Held, isProbe: boolean, options: RunOptions): Promise<Disposition> {
  if (held.needsByteCheck && !(await hasCheckedBytes(held, options))) return SOON;
  return refusal(options) ?? process(held, isProbe, options.steps);
}

/** Bytes first: a mark must mean that the handler runs, or a crash would be charged to a message that waited. */
async function runSuspect(held: Held, isProbe: boolean, options: RunOptions): Promise<Disposition> {
  const release = await options.suspectTurn.acquire();
  try {
    const refused = refusal(options);
    if (refused) return refused;
    if (held.needsByteCheck && !(await hasCheckedBytes(held, options))) return SOON;
    if (!(await isMarked(held, options))) return SOON;
    const disposition = refusal(options) ?? (await process(held, isProbe, options.steps));
    // The mark goes with the ack: were the next suspect to kill the process before it, both would be charged.
    await options.whenAcked();
    return disposition;
  } finally {
    release();
  }
}

/** The stop may have come while it waited: a run that begins then would not be waited for. */
function refusal({ isStopping, isPaused }: RunOptions): Disposition | null {
  if (isStopping()) return UNFINISHED;
  return isPaused() ? SOON : null;
}

async function hasCheckedBytes(held: Held, { consumer, log }: RunOptions): Promise<boolean> {
  try {
    await checkBytes(held, consumer);
    return true;
  } catch (error) {
    log.warn({ err: error, entryId: held.delivery.entryId }, "an entry's bytes could not be looked at: trying again");
    return false;
  }
}

/** True also when it is another's by now: it is lost then, and will be dropped. */
async function isMarked(held: Held, { consumer, log }: RunOptions): Promise<boolean> {
  try {
    if (!held.isLost && !(await consumer.markInHand(held.delivery))) lose(held);
    return true;
  } catch (error) {
    log.warn({ err: error, entryId: held.delivery.entryId }, "a suspect could not be marked as in hand: trying again");
    return false;
  }
}

/** Another consumer holds it: end its run, and settle nothing. */
export function lose(held: Held): void {
  held.isLost = true;
  held.running?.interrupt(new InterruptedError("lost"));
}
