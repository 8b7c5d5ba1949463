/**
 * The source of deliveries: own unknown ones after an interruption → new entries, for as long as there is room; and, on a
 * beat of its own, what other consumers left behind.
 *
 * The next read is on its way while a batch is handled. A lost connection, a vanished group, a refusing server end in a
 * backoff and another try: nothing ends the loop but its signal.
 */
import type { Logger } from "pino";
import { BrokerError } from "../errors.ts";
import type { Claimed, Consumer, Delivery, Lane } from "../ports/broker.ts";
import { sleep } from "../primitives/abort.ts";
import { backoffMs } from "../primitives/backoff.ts";
import { createDeferred, type Deferred } from "../primitives/deferred.ts";

const RETRY = { baseMs: 50, maxMs: 2000 };
/** While it waits for room the loop looks around this often: a sign of life for the watchdog. */
const ROOM_CHECK_MS = 1000;

type Reading = Promise<readonly Delivery[]>;

export interface ReadLoopOptions {
  readonly consumer: Consumer;
  readonly blockMs: number;
  readonly log: Logger;
  readonly signal: AbortSignal;
  /** How many to read now, while so many have arrived that are not counted yet; 0: wait for {@link ReadLoop.poke}. */
  readonly wanted: (arriving: number) => number;
  readonly isHeld: (lane: Lane, entryId: string) => boolean;
  readonly onNew: (deliveries: readonly Delivery[]) => void;
  readonly onRecovered: (claimed: Claimed) => Promise<void>;
  readonly onGroupsMade: (count: number) => void;
}

export interface ReadLoop {
  /** Runs until the signal aborts. Never rejects. */
  run(): Promise<void>;
  /** There may be room again. */
  poke(): void;
  /** A reply that held deliveries may have been lost: own unknown ones are looked for before the next read. */
  recoverSoon(): void;
  /** The last read failed: the broker cannot be used. */
  readonly isFailing: boolean;
  /** When the loop last turned, on the monotonic clock. */
  readonly lastTurnMs: number;
}

export function createReadLoop(options: ReadLoopOptions): ReadLoop {
  const { consumer, signal, log } = options;
  let failures = 0;
  let lastTurnMs = performance.now();
  let needsRecovery = false;
  let needsGroups = false;
  let room: Deferred<void> | null = null;
  signal.addEventListener("abort", () => room?.resolve(), { once: true });

  async function waitForRoom(): Promise<number> {
    for (;;) {
      const count = options.wanted(0);
      if (count > 0 || signal.aborted) return count;
      room = createDeferred();
      // Pokes come with every settled message: each wait must take its timer away with it.
      const lookAround = setTimeout(() => room?.resolve(), ROOM_CHECK_MS);
      await room.promise;
      clearTimeout(lookAround);
      room = null;
      lastTurnMs = performance.now();
    }
  }

  /** Puts right what an interruption left, before reading on. */
  async function repair(): Promise<void> {
    if (needsGroups) {
      const made = await consumer.ensureGroups();
      if (made > 0) options.onGroupsMade(made);
      needsGroups = false;
    }
    if (needsRecovery) {
      // First, for it may be asked for again meanwhile; a failure asks for it anyway.
      needsRecovery = false;
      await options.onRecovered(await consumer.recover(options.isHeld));
    }
  }

  async function onFailure(error: unknown): Promise<void> {
    failures += 1;
    needsRecovery = true;
    const isGroupGone = error instanceof BrokerError && error.isGroupGone;
    needsGroups ||= isGroupGone;
    const isExpected = error instanceof BrokerError && error.isTransient && failures > 1;
    log[isExpected ? "debug" : "warn"]({ err: error, failures }, "reading failed: trying again");
    await sleep(isGroupGone ? 20 : RETRY.baseMs + backoffMs(failures, RETRY), signal);
  }

  /** Hands a batch on, with the next read already on its way if there is room for one. */
  async function turn(current: Reading): Promise<{ readonly next: Reading | null }> {
    const deliveries = await current;
    lastTurnMs = performance.now();
    if (failures > 0) log.info({ failures }, "reading again");
    failures = 0;
    const count = signal.aborted || needsRecovery ? 0 : options.wanted(deliveries.length);
    const next = count > 0 ? consumer.read(count, options.blockMs) : null;
    options.onNew(deliveries);
    return { next };
  }

  /** The first read of a row: when there is room, and after whatever needs repair. */
  async function start(): Promise<{ readonly reading: Reading | null }> {
    const count = await waitForRoom();
    if (signal.aborted) return { reading: null };
    await repair();
    // A stop or a pause that came meanwhile found no read to wake.
    if (signal.aborted || options.wanted(0) === 0) return { reading: null };
    return { reading: consumer.read(count, options.blockMs) };
  }

  return {
    async run() {
      let current: Reading | null = null;
      lastTurnMs = performance.now();
      while (!signal.aborted) {
        try {
          // Not awaited as such: a read lasts until something arrives.
          const started: { readonly reading: Reading | null } = current ? { reading: current } : await start();
          current = null;
          if (started.reading) ({ next: current } = await turn(started.reading));
        } catch (error) {
          current = null;
          lastTurnMs = performance.now();
          if (!signal.aborted) await onFailure(error);
        }
      }
      if (current) await current.then(options.onNew, () => undefined);
    },
    poke() {
      room?.resolve();
    },
    recoverSoon() {
      needsRecovery = true;
    },
    get isFailing() {
      return failures > 0;
    },
    get lastTurnMs() {
      return lastTurnMs;
    },
  };
}
