/**
 * Trims streams to their retention (`retention_maxlen`, `retention_hours`), never past what some group has not acked.
 * One replica at a time, by lease; in bounded chunks.
 */
import type { Logger } from "pino";
import type { BrokerAdmin, StreamRetention } from "../ports/broker-admin.ts";
import type { Lease } from "../ports/lease.ts";
import { createPeriodicService, type PeriodicService } from "./periodic.ts";

const TRIM_CHUNK = 500;
const MAX_CHUNKS_PER_CYCLE = 400;

export interface TrimmedStream {
  readonly stream: string;
  readonly retention: StreamRetention;
  /** Groups that must exist before anything goes: those of this domain's handlers. */
  readonly expectedGroups: readonly string[];
}

export interface StreamTrimmerOptions {
  readonly streams: readonly TrimmedStream[];
  readonly admin: BrokerAdmin;
  readonly lease: Lease;
  readonly leaseName: string;
  readonly holder: string;
  readonly intervalMs: number;
  readonly log: Logger;
}

export function createStreamTrimmer(options: StreamTrimmerOptions): PeriodicService {
  const { admin, log } = options;

  async function trim({ stream, retention, expectedGroups }: TrimmedStream, signal: AbortSignal): Promise<void> {
    let removed = 0;
    for (let chunk = 0; chunk < MAX_CHUNKS_PER_CYCLE && !signal.aborted; chunk += 1) {
      const result = await admin.trim(stream, retention, { expectedGroups, limit: TRIM_CHUNK });
      if (result.kind === "held") {
        log.warn({ stream, reason: result.reason }, "the stream was not trimmed");
        return;
      }
      if (result.removed === 0) break;
      removed += result.removed;
    }
    if (removed > 0) log.info({ stream, removed }, "trimmed to its retention");
  }

  return createPeriodicService({
    name: "stream trimmer",
    intervalMs: options.intervalMs,
    log,
    async runOnce(signal) {
      const generation = await options.lease.acquire(options.leaseName, options.holder, options.intervalMs * 2.5);
      if (generation === null) return;
      for (const stream of options.streams) {
        if (signal.aborted) return;
        try {
          await trim(stream, signal);
        } catch (error) {
          log.warn({ err: error, stream: stream.stream }, "a stream could not be trimmed: the next cycle tries again");
        }
      }
    },
  });
}
