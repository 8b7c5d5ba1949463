/**
 * The entries of one stream, oldest first.
 *
 * An array with a moving head: appending, reading on and dropping the oldest cost the same whatever the length; finding
 * an id is a binary search. An entry deleted from the middle leaves a gap, until gaps outnumber what is left.
 */
import type { EntryFields } from "../../ports/broker.ts";

/** An entry id, `ms-seq`, as numbers. */
export interface EntryPosition {
  readonly ms: number;
  readonly seq: number;
}

export interface StoredEntry extends EntryPosition {
  readonly id: string;
  /** Empty once deleted. */
  fields: EntryFields;
  isDeleted: boolean;
}

export const STREAM_START: EntryPosition = { ms: 0, seq: 0 };

/** Below zero when `a` comes before `b`. */
export function comparePositions(a: EntryPosition, b: EntryPosition): number {
  return a.ms - b.ms || a.seq - b.seq;
}

/** Null when the text is no whole entry id, such as `1700000000000-0`. */
export function parsePosition(id: string): EntryPosition | null {
  const match = /^(\d{1,15})-(\d{1,15})$/.exec(id);
  return match === null ? null : { ms: Number(match[1]), seq: Number(match[2]) };
}

const COMPACT_ABOVE = 1024;

export class EntryLog {
  #entries: StoredEntry[] = [];
  /** Index of the oldest entry that is not deleted; the array's length when there is none. */
  #head = 0;
  #length = 0;
  #last: EntryPosition = STREAM_START;

  /** Entries not deleted. */
  get length(): number {
    return this.#length;
  }

  get first(): StoredEntry | undefined {
    return this.#entries[this.#head];
  }

  get newest(): StoredEntry | undefined {
    return this.#entries.findLast((entry) => !entry.isDeleted);
  }

  /** The highest id ever given, also when its entry is gone. */
  get lastPosition(): EntryPosition {
    return this.#last;
  }

  /** Ids grow even when the clock stands still or goes back. */
  append(fields: EntryFields, nowMs: number): StoredEntry {
    const { ms, seq } = this.#last;
    this.#last = nowMs > ms ? { ms: nowMs, seq: 0 } : { ms, seq: seq + 1 };
    const entry = { ...this.#last, id: `${this.#last.ms}-${this.#last.seq}`, fields, isDeleted: false };
    this.#entries.push(entry);
    this.#length += 1;
    return entry;
  }

  find(position: EntryPosition): StoredEntry | undefined {
    const entry = this.#entries[this.#indexAfter(position) - 1];
    if (entry === undefined || entry.isDeleted) return undefined;
    return comparePositions(entry, position) === 0 ? entry : undefined;
  }

  /** At most `count` entries behind `position`, oldest first. */
  after(position: EntryPosition, count: number): StoredEntry[] {
    const found: StoredEntry[] = [];
    for (let index = this.#indexAfter(position); found.length < count; index += 1) {
      const entry = this.#entries[index];
      if (entry === undefined) break;
      if (!entry.isDeleted) found.push(entry);
    }
    return found;
  }

  countAfter(position: EntryPosition): number {
    const index = this.#indexAfter(position);
    const hasGaps = this.#entries.length - this.#head !== this.#length;
    if (!hasGaps) return this.#entries.length - index;
    return this.after(position, Infinity).length;
  }

  delete(entry: StoredEntry): void {
    if (entry.isDeleted) return;
    entry.isDeleted = true;
    entry.fields = [];
    this.#length -= 1;
    while (this.first?.isDeleted) this.#head += 1;
    const gone = this.#entries.length - this.#length;
    if (gone > COMPACT_ABOVE && gone > this.#length) this.#compact();
  }

  #compact(): void {
    this.#entries = this.#entries.filter((entry) => !entry.isDeleted);
    this.#head = 0;
  }

  #indexAfter(position: EntryPosition): number {
    let low = this.#head;
    let high = this.#entries.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const entry = this.#entries[middle];
      if (entry !== undefined && comparePositions(entry, position) <= 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
