/** Dead letters counted by subscription and error. */
import type { DeadLetter } from "../../ports/dead-letters.ts";
import { deadLetteredAtMs } from "./filter.ts";

export interface LetterGroup {
  readonly subscription: string;
  readonly stream: string;
  /** Null: the record cannot be read, or there were too many kinds to tell them apart. */
  readonly fingerprint: string | null;
  readonly reason: string;
  /** `name: message` of the newest. */
  error: string;
  count: number;
  readonly oldestMs: number;
  newestMs: number;
}

/** More kinds than this are counted together, per subscription: memory stays bounded. */
const MOST_GROUPS = 10_000;

export interface LetterGroups {
  /** Letters of one subscription come oldest first. */
  add(letter: DeadLetter): void;
  /** Most frequent first. */
  list(): readonly LetterGroup[];
}

export function createLetterGroups(): LetterGroups {
  const groups = new Map<string, LetterGroup>();

  function groupOf(letter: DeadLetter): LetterGroup {
    const { subscription, stream, failure } = letter;
    const isNew = !groups.has(keyOf(letter, failure?.fingerprint, failure?.reason));
    const isFull = isNew && groups.size >= MOST_GROUPS;
    const fingerprint = isFull ? null : (failure?.fingerprint ?? null);
    const reason = isFull ? "(other kinds)" : (failure?.reason ?? "unreadable");
    const key = isFull ? keyOf(letter, undefined, reason) : keyOf(letter, failure?.fingerprint, failure?.reason);
    const known = groups.get(key);
    if (known !== undefined) return known;
    const at = deadLetteredAtMs(letter.id);
    const group = { subscription, stream, fingerprint, reason, error: "", count: 0, oldestMs: at, newestMs: at };
    groups.set(key, group);
    return group;
  }

  return {
    add(letter) {
      const group = groupOf(letter);
      group.count += 1;
      group.newestMs = deadLetteredAtMs(letter.id);
      if (group.fingerprint !== null && letter.failure !== null) {
        group.error = `${letter.failure.error.name}: ${letter.failure.error.message}`;
      }
    },
    list: () => [...groups.values()].toSorted((a, b) => b.count - a.count),
  };
}

function keyOf(
  { stream, subscription }: DeadLetter,
  fingerprint: string | undefined,
  reason: string | undefined,
): string {
  return JSON.stringify([stream, subscription, fingerprint ?? null, reason ?? null]);
}
