/** The streams of a domain, and how long they are kept. */
import type { EngineConfig } from "../config/settings.ts";
import type { DomainModel } from "../domain/model.ts";

/** Streams that handlers read. */
export function streamsOf(model: DomainModel): readonly string[] {
  return [...new Set(model.subscriptions.map(({ stream }) => stream))];
}

export interface Retention {
  /** 0: no limit. */
  readonly maxLength: number;
  /** 0: for ever. */
  readonly hours: number;
}

/** `[server.streams.NAME]` over `[server]`. */
export function retentionOf({ server }: EngineConfig, stream: string): Retention {
  const own = Object.hasOwn(server.streams, stream) ? server.streams[stream] : undefined;
  return {
    maxLength: own?.retentionMaxlen ?? server.retentionMaxlen,
    hours: own?.retentionHours ?? server.retentionHours,
  };
}
