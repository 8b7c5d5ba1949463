import { deadLetterPrefix, deadLetterStream, replayStream } from "../../message/names.ts";
import type { GroupAddress } from "../../ports/broker-admin.ts";
import type { DeadLetter, DeadLetters } from "../../ports/dead-letters.ts";
import { parsePosition, STREAM_START, type EntryLog, type StoredEntry } from "./entry-log.ts";
import { originOf, parseFailure, splitMark } from "./marks.ts";
import type { Streams } from "./streams.ts";

/** The dead letters of the embedded broker: each subscription's are a stream like any other. */
export function createMemoryDeadLetters(streams: Streams): DeadLetters {
  const logOf = ({ stream, group }: GroupAddress): EntryLog | undefined =>
    streams.get(deadLetterStream(stream, group))?.log;

  function find(address: GroupAddress, id: string): StoredEntry | undefined {
    const position = parsePosition(id);
    return position === null ? undefined : logOf(address)?.find(position);
  }

  return {
    async subscriptions(stream) {
      const prefix = deadLetterPrefix(stream);
      return streams.names(prefix).map((name) => ({ stream, group: name.slice(prefix.length) }));
    },
    async list(address, after, limit) {
      const from = after === null ? STREAM_START : parsePosition(after);
      const found = from === null ? [] : (logOf(address)?.after(from, limit + 1) ?? []);
      const letters = found.slice(0, limit).map((entry) => asLetter(address, entry));
      return { letters, next: found.length > limit ? (letters.at(-1)?.id ?? null) : null };
    },
    async get(address, id) {
      const entry = find(address, id);
      return entry === undefined ? null : asLetter(address, entry);
    },
    async replay(address, id) {
      const entry = find(address, id);
      if (entry === undefined) return "not_found";
      const { fields, failure } = asLetter(address, entry);
      const origin = originOf({ id: entry.id, stream: address.stream }, failure);
      streams.append(replayStream(address.stream, address.group), [...fields, "replay", JSON.stringify(origin)]);
      logOf(address)?.delete(entry);
      return "replayed";
    },
    async purge(address, ids) {
      const name = deadLetterStream(address.stream, address.group);
      return ids.filter((id) => streams.deleteEntry(name, id)).length;
    },
    async trim(address, olderThanMs, limit) {
      const log = logOf(address);
      const beforeMs = streams.clock.now() - olderThanMs;
      return log === undefined ? 0 : dropOlder(log, beforeMs, limit);
    },
    async depth(address) {
      const log = logOf(address);
      const oldest = log?.first;
      return {
        depth: log?.length ?? 0,
        oldestId: oldest?.id ?? null,
        newestId: log?.newest?.id ?? null,
        oldestSeconds: oldest === undefined ? null : Math.max(0, streams.clock.now() - oldest.ms) / 1000,
      };
    },
  };
}

function dropOlder(log: EntryLog, beforeMs: number, limit: number): number {
  let removed = 0;
  for (let oldest = log.first; oldest && oldest.ms < beforeMs && removed < limit; oldest = log.first) {
    log.delete(oldest);
    removed += 1;
  }
  return removed;
}

function asLetter({ stream, group }: GroupAddress, entry: StoredEntry): DeadLetter {
  const { original, mark } = splitMark(entry.fields, "failure");
  return {
    id: entry.id,
    stream,
    subscription: group,
    fields: original,
    failure: parseFailure(mark),
    failureText: mark ?? "",
  };
}
