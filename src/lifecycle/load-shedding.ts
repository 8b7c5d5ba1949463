/**
 * Load shedding is to stop pulling: while this process has too much of something, its subscriptions take in nothing
 * more, and what runs goes on. No message is refused, and none loses an attempt: what is not read stays in the stream.
 *
 * Of each reason:   calm → (reading above its threshold) → shedding → (below 80 % of it, after a second at least) → calm
 */
import type { Logger } from "pino";
import type { LoadSheddingStatus, ShedReason } from "../health/status.ts";
import type { Clock } from "../ports/clock.ts";

const CHECK_MS = 500;
const MIN_EPISODE_MS = 1000;
/** Of the threshold: a reading that hovers about it must not switch to and fro. */
const CALM_RATIO = 0.8;

/** What is measured; null: unknown, which is no reason. */
export type LoadReadings = Readonly<Record<ShedReason, number | null>>;

/** In the units of the readings: a share of the heap's limit, megabytes, milliseconds. 0: off. */
export type LoadLimits = Readonly<Record<ShedReason, number>>;

/** Where readings come from. */
export interface LoadSource {
  start(): void;
  stop(): void;
  read(): LoadReadings;
}

export interface LoadShedding {
  /** Looks every half second from now on; its timer keeps no process alive. */
  start(): void;
  stop(): void;
  /** Looks now. */
  check(): void;
  readonly isShedding: boolean;
  status(): readonly LoadSheddingStatus[];
}

export interface LoadSheddingOptions {
  readonly limits: LoadLimits;
  readonly source: LoadSource;
  readonly clock: Clock;
  readonly log: Logger;
  /** Shedding is over: there is room again. */
  readonly onCalm: () => void;
}

interface Episode {
  readonly reason: ShedReason;
  readonly limit: number;
  /** On the monotonic clock; null while calm. */
  sinceMs: number | null;
  count: number;
}

const WORDS: Readonly<Record<ShedReason, string>> = {
  heap: "the heap is nearly full",
  rss: "the process takes much memory",
  event_loop: "the event loop is late",
};

export function createLoadShedding({ limits, source, clock, log, onCalm }: LoadSheddingOptions): LoadShedding {
  const episodes = (Object.entries(limits) as [ShedReason, number][])
    .filter(([, limit]) => limit > 0)
    .map(([reason, limit]): Episode => ({ reason, limit, sinceMs: null, count: 0 }));
  let active = 0;
  let timer: NodeJS.Timeout | null = null;

  function judge(episode: Episode, value: number | null): void {
    const { reason, limit, sinceMs } = episode;
    const nowMs = clock.monotonicMs();
    const facts = { reason, value: value === null ? null : round(value), limit };
    if (sinceMs === null) {
      if (value === null || value <= limit) return;
      episode.sinceMs = nowMs;
      episode.count += 1;
      active += 1;
      log.warn(facts, `load shedding: ${WORDS[reason]}; nothing more is read until it is better`);
    } else if ((value ?? 0) < limit * CALM_RATIO && nowMs - sinceMs >= MIN_EPISODE_MS) {
      episode.sinceMs = null;
      active -= 1;
      log.info({ ...facts, durationMs: Math.round(nowMs - sinceMs) }, "load shedding is over");
    }
  }

  function check(): void {
    const wasShedding = active > 0;
    const readings = source.read();
    for (const episode of episodes) judge(episode, readings[episode.reason]);
    if (wasShedding && active === 0) onCalm();
  }

  return {
    start() {
      if (episodes.length === 0 || timer !== null) return;
      source.start();
      timer = setInterval(check, CHECK_MS).unref();
    },
    stop() {
      if (timer === null) return;
      clearInterval(timer);
      source.stop();
    },
    check,
    get isShedding() {
      return active > 0;
    },
    status: () =>
      episodes.map(({ reason, sinceMs, count }) => ({ reason, isActive: sinceMs !== null, episodes: count })),
  };
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}
