/**
 * The mark that a dead letter (`failure`) or a replayed entry (`replay`) carries behind the original's fields: always the
 * last field, so that an original may have fields of that name itself.
 */
import type { Failure, ReplayOrigin } from "../../message/failure.ts";
import type { EntryFields } from "../../ports/broker.ts";

export interface MarkedFields {
  readonly original: EntryFields;
  /** Null when the last field has another name. */
  readonly mark: string | null;
}

export function splitMark(fields: EntryFields, name: "failure" | "replay"): MarkedFields {
  if (fields.at(-2) !== name) return { original: fields, mark: null };
  return { original: fields.slice(0, -2), mark: fields.at(-1) ?? null };
}

/** Null when the text is no JSON object. */
export function parseFailure(text: string | null): Failure | null {
  return parseObject(text) as Failure | null;
}

/** Undefined when the text is no JSON object. */
export function parseOrigin(text: string | null): ReplayOrigin | undefined {
  return (parseObject(text) as ReplayOrigin | null) ?? undefined;
}

/** What the replay of a dead letter remembers. A record that cannot be read replays all the same. */
export function originOf(letter: { id: string; stream: string }, failure: Failure | null): ReplayOrigin {
  const replays = failure?.replays;
  return {
    replayOf: letter.id,
    replays: (typeof replays === "number" ? replays : 0) + 1,
    entryId: failure?.entryId ?? letter.id,
    stream: failure?.stream ?? letter.stream,
  };
}

function parseObject(text: string | null): unknown {
  if (text === null) return null;
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && !Array.isArray(value) ? value : null;
  } catch {
    // Written by hand: the caller shows the text as it is.
    return null;
  }
}
