/** What an embedded broker holds: streams by name, their consumer groups, and who waits for a change of a stream. */
import { BrokerError } from "../../errors.ts";
import type { EntryFields } from "../../ports/broker.ts";
import type { Clock } from "../../ports/clock.ts";
import { EntryLog, parsePosition, STREAM_START, type EntryPosition, type StoredEntry } from "./entry-log.ts";
import { createGroup, type Group } from "./group.ts";

export interface Stream {
  readonly log: EntryLog;
  readonly groups: Map<string, Group>;
}

export class Streams {
  readonly clock: Clock;
  readonly #streams = new Map<string, Stream>();
  readonly #watchers = new Map<string, Set<() => void>>();

  constructor(clock: Clock) {
    this.clock = clock;
  }

  get(name: string): Stream | undefined {
    return this.#streams.get(name);
  }

  /** Names that start with `prefix`. */
  names(prefix: string): string[] {
    return [...this.#streams.keys()].filter((name) => name.startsWith(prefix));
  }

  /** Throws a `BrokerError` with `isGroupGone` when the stream or the group does not exist. */
  group(name: string, groupName: string): { readonly stream: Stream; readonly group: Group } {
    const stream = this.#streams.get(name);
    const group = stream?.groups.get(groupName);
    if (stream === undefined || group === undefined) throw groupGone(name, groupName);
    return { stream, group };
  }

  /** Creates the stream, too. `startFrom`: "0", "$" or an entry id. False when the group existed. */
  ensureGroup(name: string, groupName: string, startFrom: string): boolean {
    const existing = this.#streams.get(name);
    if (existing?.groups.has(groupName)) return false;
    const position = startPosition(existing?.log, startFrom);
    this.#open(name).groups.set(groupName, createGroup(position));
    return true;
  }

  append(name: string, fields: EntryFields): StoredEntry {
    const entry = this.#open(name).log.append(fields, this.clock.now());
    this.#notify(name);
    return entry;
  }

  /** Deletes one entry, as an operator would. False when it was not there. */
  deleteEntry(name: string, id: string): boolean {
    const position = parsePosition(id);
    const log = this.#streams.get(name)?.log;
    const entry = position === null ? undefined : log?.find(position);
    if (log === undefined || entry === undefined) return false;
    log.delete(entry);
    return true;
  }

  /** Deletes a stream with its groups, as an operator would. */
  deleteStream(name: string): void {
    this.#streams.delete(name);
    this.#notify(name);
  }

  /** Calls `listener` at every append to, and the deletion of, the stream. The returned function ends it. */
  watch(name: string, listener: () => void): () => void {
    const listeners = this.#watchers.get(name) ?? new Set();
    this.#watchers.set(name, listeners.add(listener));
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0 && this.#watchers.get(name) === listeners) this.#watchers.delete(name);
    };
  }

  #open(name: string): Stream {
    let stream = this.#streams.get(name);
    if (stream === undefined) {
      stream = { log: new EntryLog(), groups: new Map() };
      this.#streams.set(name, stream);
    }
    return stream;
  }

  #notify(name: string): void {
    for (const listener of this.#watchers.get(name) ?? []) listener();
  }
}

function startPosition(log: EntryLog | undefined, startFrom: string): EntryPosition {
  if (startFrom === "0") return STREAM_START;
  if (startFrom === "$") return log?.lastPosition ?? STREAM_START;
  const position = parsePosition(startFrom) ?? parsePosition(`${startFrom}-0`);
  if (position !== null) return position;
  throw new BrokerError(`startFrom "${startFrom}" is neither "0" nor "$" nor an entry id such as 1700000000000-0`, {
    isTransient: false,
  });
}

function groupGone(stream: string, group: string): BrokerError {
  return new BrokerError(`the stream "${stream}" has no consumer group "${group}"`, {
    isTransient: true,
    isGroupGone: true,
  });
}
