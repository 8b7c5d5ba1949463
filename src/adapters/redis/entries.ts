/** Reply shapes and the history record: text on Redis, types here. */
import type { Delivery, DeliveryHistory, Lane } from "../../ports/broker.ts";
import type { ReplayOrigin } from "../../message/failure.ts";

/** `[id, [name, value, …]]`; the fields are null for an entry deleted while pending. */
export type EntryReply = [id: string, fields: string[] | null];
export type StreamReply = [stream: string, entries: EntryReply[]];

/** Of an entry that was never delivered before. Shared: most deliveries are such. */
const NO_HISTORY: DeliveryHistory = Object.freeze({
  failures: 0,
  crashes: 0,
  isCrashProven: false,
  firstFailedAt: undefined,
  delayMs: 0,
});

interface StoredRecord {
  readonly failures: number;
  readonly crashes: number;
  readonly isInHand: boolean;
  readonly notBeforeMs: number;
  readonly firstFailedAt: string | undefined;
}

function parseRecord(text: string): StoredRecord {
  const [failures = "0", crashes = "0", inHand = "0", notBefore = "0", firstFailedAt = ""] = text.split(",");
  return {
    failures: Number(failures) || 0,
    crashes: Number(crashes) || 0,
    isInHand: inHand === "1",
    notBeforeMs: Number(notBefore) || 0,
    firstFailedAt: firstFailedAt === "" ? undefined : firstFailedAt,
  };
}

type Crashes = Pick<DeliveryHistory, "crashes" | "isCrashProven">;

function toHistory(record: StoredRecord, crashes: Crashes, nowMs: number): DeliveryHistory {
  return {
    failures: record.failures,
    ...crashes,
    firstFailedAt: record.firstFailedAt,
    delayMs: Math.max(0, record.notBeforeMs - nowMs),
  };
}

/** The history of an entry taken from another consumer. `deliveries` is the count before: 0 says it was handed over. */
export function claimedHistory(recordText: string, deliveries: number, nowMs: number): DeliveryHistory {
  const record = parseRecord(recordText);
  if (deliveries === 0) return toHistory(record, { crashes: record.crashes, isCrashProven: false }, nowMs);
  if (record.isInHand) return toHistory(record, { crashes: record.crashes + 1, isCrashProven: true }, nowMs);
  return toHistory(record, { crashes: Math.max(record.crashes, 1), isCrashProven: false }, nowMs);
}

/** The history of an entry this consumer held all along. */
export function ownHistory(recordText: string, nowMs: number): DeliveryHistory {
  if (recordText === "") return NO_HISTORY;
  const record = parseRecord(recordText);
  return toHistory(record, { crashes: record.crashes, isCrashProven: false }, nowMs);
}

/** Takes the `replay` field off an entry of a replay stream. */
function splitReplay(entryId: string, fields: readonly string[]): { fields: readonly string[]; replay: ReplayOrigin } {
  const fallback: ReplayOrigin = { replayOf: entryId, replays: 1, entryId, stream: "" };
  if (fields[fields.length - 2] !== "replay") return { fields, replay: fallback };
  const rest = fields.slice(0, -2);
  try {
    return { fields: rest, replay: { ...fallback, ...(JSON.parse(fields[fields.length - 1] ?? "") as ReplayOrigin) } };
  } catch {
    // Not written by a replay: the message itself is still good to handle.
    return { fields: rest, replay: fallback };
  }
}

const PACKED_TEXT = "\0packed\0";
const PACKED_MAGIC = Buffer.from(PACKED_TEXT);

/** Whether an entry of a replay stream is in the packed form (see dead-letter.lua). */
export function looksPacked(fields: readonly string[]): boolean {
  return fields.length === 2 && fields[0] === "packed" && (fields[1]?.startsWith(PACKED_TEXT) ?? false);
}

/** Undoes the packing of very wide entries (see dead-letter.lua). */
export function unpackFields(fields: readonly Buffer[]): readonly Buffer[] {
  const [name, packed] = fields;
  const isPacked =
    fields.length === 2 &&
    name?.toString() === "packed" &&
    packed?.subarray(0, PACKED_MAGIC.length).equals(PACKED_MAGIC);
  if (!isPacked || !packed) return fields;
  const values: Buffer[] = [];
  let at = PACKED_MAGIC.length;
  while (at < packed.length) {
    const colon = packed.indexOf(0x3a, at);
    if (colon < 0) break;
    const length = Number(packed.toString("latin1", at, colon));
    values.push(packed.subarray(colon + 1, colon + 1 + length));
    at = colon + 1 + length;
  }
  return values;
}

/** A delivery from an entry of a lane; on the replay lane its origin is taken off the fields. */
export function toDelivery(
  lane: Lane,
  [entryId, fields]: readonly [string, readonly string[]],
  history = NO_HISTORY,
): Delivery {
  if (lane === "main") return { lane, entryId, fields, history };
  return { lane, entryId, history, ...splitReplay(entryId, fields) };
}
