/**
 * Keeps dead-letter streams: trims what is older than its retention, measures depth and age, and tells people.
 *
 * One replica at a time, by lease. Per stream: quiet –(depth ≥ threshold)→ firing –(depth < threshold)→ quiet. While firing,
 * each cycle logs a warning, counts an alert and calls the callback; the way back is logged once. Streams are
 * independent: what fails for one is logged, and the others are kept all the same.
 */
import type { Logger } from "pino";
import { deadLetterStream } from "../message/names.ts";
import type { GroupAddress } from "../ports/broker-admin.ts";
import type { Clock } from "../ports/clock.ts";
import type { DeadLetterDepth, DeadLetters } from "../ports/dead-letters.ts";
import type { Lease } from "../ports/lease.ts";
import { TIMED_OUT, withTimeout } from "../primitives/abort.ts";
import { createPeriodicService, type PeriodicService } from "./periodic.ts";

const TRIM_CHUNK = 1000;
/** A cycle trims at most so many of one stream: a million expired letters take a few cycles, not one long one. */
const MAX_CHUNKS_PER_CYCLE = 200;
const CALLBACK_TIMEOUT_MS = 5000;
const MS_PER_HOUR = 3_600_000;

/** What an alert callback is given. */
export interface DlqAlert {
  readonly subscription: string;
  readonly stream: string;
  readonly dlqStream: string;
  /** Entries in the dead-letter stream. */
  readonly depth: number;
  readonly threshold: number;
  /** Age of the oldest, in seconds. */
  readonly oldestSeconds: number | null;
  /** ISO 8601. */
  readonly at: string;
}

export type AlertCallback = (alert: DlqAlert) => void | Promise<void>;

/** One dead-letter stream and its effective settings: those of its handler, or the server's. */
export interface KeptStream extends GroupAddress {
  readonly retentionHours: number;
  readonly alertThreshold: number;
}

export interface DeadLetterKeeperOptions {
  readonly streams: readonly KeptStream[];
  readonly deadLetters: DeadLetters;
  readonly lease: Lease;
  readonly leaseName: string;
  /** This process, among the replicas. */
  readonly holder: string;
  readonly checkIntervalMs: number;
  readonly callback: AlertCallback | null;
  readonly clock: Clock;
  readonly log: Logger;
}

export interface DeadLetterKeeper extends PeriodicService {
  /** Since the start, by dead-letter stream. */
  readonly counts: ReadonlyMap<string, { readonly trimmed: number; readonly alerts: number }>;
}

export function createDeadLetterKeeper(options: DeadLetterKeeperOptions): DeadLetterKeeper {
  const { deadLetters, log } = options;
  const firing = new Set<string>();
  const counts = new Map<string, { trimmed: number; alerts: number }>();

  function countsOf(name: string): { trimmed: number; alerts: number } {
    const known = counts.get(name) ?? { trimmed: 0, alerts: 0 };
    counts.set(name, known);
    return known;
  }

  async function keep(stream: KeptStream, signal: AbortSignal): Promise<void> {
    const dlqStream = deadLetterStream(stream.stream, stream.group);
    const trimmed = await trim(stream, signal);
    if (trimmed > 0) {
      log.warn(
        { dlqStream, trimmed, retentionHours: stream.retentionHours },
        "dead letters older than their retention were deleted",
      );
    }
    await judge(stream, dlqStream, await deadLetters.depth(stream));
  }

  async function trim(stream: KeptStream, signal: AbortSignal): Promise<number> {
    let total = 0;
    for (let chunk = 0; chunk < MAX_CHUNKS_PER_CYCLE && !signal.aborted; chunk += 1) {
      const removed = await deadLetters.trim(stream, stream.retentionHours * MS_PER_HOUR, TRIM_CHUNK);
      total += removed;
      // At once: should the next chunk fail, these are gone all the same.
      if (removed > 0) countsOf(deadLetterStream(stream.stream, stream.group)).trimmed += removed;
      if (removed < TRIM_CHUNK) break;
    }
    return total;
  }

  async function judge(
    stream: KeptStream,
    dlqStream: string,
    { depth, oldestSeconds }: DeadLetterDepth,
  ): Promise<void> {
    if (depth < stream.alertThreshold) {
      if (firing.delete(dlqStream))
        log.info(
          { dlqStream, depth, threshold: stream.alertThreshold },
          "dead letters are below the alert threshold again",
        );
      return;
    }
    firing.add(dlqStream);
    countsOf(dlqStream).alerts += 1;
    log.warn(
      { dlqStream, depth, threshold: stream.alertThreshold, oldestSeconds },
      "dead letters have reached the alert threshold",
    );
    await callBack({
      subscription: stream.group,
      stream: stream.stream,
      dlqStream,
      depth,
      threshold: stream.alertThreshold,
      oldestSeconds,
      at: new Date(options.clock.now()).toISOString(),
    });
  }

  async function callBack(alert: DlqAlert): Promise<void> {
    const { callback } = options;
    if (!callback) return;
    try {
      const result = await withTimeout(
        Promise.resolve().then(() => callback(alert)),
        CALLBACK_TIMEOUT_MS,
      );
      if (result === TIMED_OUT)
        log.error({ dlqStream: alert.dlqStream }, `the alert callback did not end within ${CALLBACK_TIMEOUT_MS} ms`);
    } catch (error) {
      log.error({ err: error, dlqStream: alert.dlqStream }, "the alert callback failed");
    }
  }

  const service = createPeriodicService({
    name: "dead-letter keeper",
    intervalMs: options.checkIntervalMs,
    log,
    async runOnce(signal) {
      const generation = await options.lease.acquire(options.leaseName, options.holder, options.checkIntervalMs * 2.5);
      if (generation === null) return;
      for (const stream of options.streams) {
        if (signal.aborted) return;
        try {
          await keep(stream, signal);
        } catch (error) {
          log.warn(
            { err: error, subscription: stream.group },
            "a dead-letter stream could not be kept: the next cycle tries again",
          );
        }
      }
    },
  });

  return {
    ...service,
    async stop(deadline) {
      await service.stop(deadline);
      const given = options.lease.release(options.leaseName, options.holder);
      // Should the broker be away, the lease runs out by itself.
      await withTimeout(given, 500).catch((error: unknown) => log.debug({ err: error }, "lease not released"));
    },
    counts,
  };
}
