/**
 * Whose turn it is: bounded concurrency, one at a time per key, suspects alone.
 *
 * A key is busy from the moment its first message is ready until that message is settled; the others of the key wait behind
 * it, also while it is parked for a retry. Keys never wait for each other. While there are suspects, nothing else
 * of the subscription runs: a crash then has one possible cause.
 */
import { Fifo } from "../primitives/fifo.ts";
import { compareEntryIds } from "../message/entry-id.ts";
import type { Held } from "./held.ts";

export interface ScheduleOptions {
  /** How many may run now: the concurrency, or what the circuit breaker allows. */
  readonly limit: () => number;
  /** Runs it; must call `finish` or `park` in the end. */
  readonly start: (held: Held) => void;
}

export interface Schedule {
  add(held: Held): void;
  /** It is settled, or given up: the next of its key is ready. */
  finish(held: Held): void;
  /** It runs again after `delayMs`; its key waits. */
  park(held: Held, delayMs: number): void;
  /** Starts what may start: call it when the limit has grown. */
  pump(): void;
  /** Takes away everything that is not running: ready, waiting and parked. What comes later is scheduled as ever. */
  takeIdle(): Held[];
  readonly running: number;
  /** Ready to run, waiting only for a free place. */
  readonly ready: number;
  readonly suspects: number;
  readonly parked: number;
}

/** A longer timer would fire at once: a longer wait takes several. */
const MAX_TIMER_MS = 2 ** 31 - 1;

type KeyQueue = Held[] | null;

export function createSchedule(options: ScheduleOptions): Schedule {
  /** Busy keys; null while nothing waits behind the first. */
  const keys = new Map<string, KeyQueue>();
  const ready = new Fifo<Held>();
  const suspects = new Fifo<Held>();
  const parked = new Map<Held, NodeJS.Timeout>();
  let running = 0;
  let isSuspectRunning = false;

  function makeReady(held: Held): void {
    const delayMs = held.notBeforeMs === 0 ? 0 : held.notBeforeMs - performance.now();
    if (delayMs > 0) waitFor(held, delayMs);
    else if (held.isSuspect) suspects.push(held);
    else ready.push(held);
  }

  function waitFor(held: Held, delayMs: number): void {
    const timer = setTimeout(
      () => {
        parked.delete(held);
        if (delayMs <= MAX_TIMER_MS) held.notBeforeMs = 0;
        makeReady(held);
        pump();
      },
      Math.min(delayMs, MAX_TIMER_MS),
    );
    parked.set(held, timer);
  }

  function enqueue(held: Held, key: string): boolean {
    const queue = keys.get(key);
    if (queue === undefined) {
      keys.set(key, null);
      return false;
    }
    if (queue === null) keys.set(key, [held]);
    else insertByEntryId(queue, held);
    return true;
  }

  function releaseKey(held: Held): void {
    if (held.key === null) return;
    const queue = keys.get(held.key) ?? null;
    const next = queue?.shift();
    if (next) makeReady(next);
    else keys.delete(held.key);
  }

  function pump(): void {
    const limit = options.limit();
    if (isSuspectRunning) return;
    if (suspects.size > 0) {
      if (running > 0 || limit < 1) return;
      const suspect = suspects.shift();
      if (!suspect) return;
      isSuspectRunning = true;
      running += 1;
      options.start(suspect);
      return;
    }
    while (running < limit) {
      const held = ready.shift();
      if (!held) return;
      running += 1;
      options.start(held);
    }
  }

  function leaveRunning(): void {
    running -= 1;
    isSuspectRunning = false;
  }

  return {
    add(held) {
      if (held.key === null || !enqueue(held, held.key)) makeReady(held);
    },
    finish(held) {
      leaveRunning();
      releaseKey(held);
      pump();
    },
    park(held, delayMs) {
      leaveRunning();
      held.notBeforeMs = performance.now() + delayMs;
      makeReady(held);
      pump();
    },
    pump,
    takeIdle() {
      const idle: Held[] = [];
      for (const queue of [suspects, ready]) {
        for (let held = queue.shift(); held; held = queue.shift()) idle.push(held);
      }
      for (const [held, timer] of parked) {
        clearTimeout(timer);
        idle.push(held);
      }
      parked.clear();
      // So far they are the heads of their keys, which are free now; other keys are busy with what runs.
      for (const { key } of idle.slice()) {
        if (key === null) continue;
        idle.push(...(keys.get(key) ?? []));
        keys.delete(key);
      }
      for (const [key, queue] of keys) {
        if (queue) idle.push(...queue);
        keys.set(key, null);
      }
      return idle;
    },
    get running() {
      return running;
    },
    get ready() {
      return ready.size;
    },
    get suspects() {
      return suspects.size;
    },
    get parked() {
      return parked.size;
    },
  };
}

/** Claimed entries are older than what was read since: within a key, the stream's order counts. */
function insertByEntryId(queue: Held[], held: Held): void {
  let at = queue.length;
  while (at > 0 && compareEntryIds(queue[at - 1]?.delivery.entryId ?? "", held.delivery.entryId) > 0) at -= 1;
  queue.splice(at, 0, held);
}
