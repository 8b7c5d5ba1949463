/**
 * Entries ↔ messages. The only `JSON.parse` of a payload.
 *
 * Two forms are read: structured (one field `event`, a CloudEvents 1.0 JSON object: what the engine writes) and binary
 * (CloudEvents attributes as entry fields, `type` and `data` required: what any other producer writes).
 * Whatever is not one of them throws `InvalidMessageError`.
 */
import { createHash } from "node:crypto";
import { InvalidMessageError } from "../errors.ts";
import type { Message, OutgoingMessage } from "./message.ts";

/** The largest depth of a payload. Deeper ones are refused: validators recurse. */
const MAX_DEPTH = 64;
/** The most fields of an entry in binary mode: attributes, not a payload. */
const MAX_FIELDS = 64;
/** Characters of an attribute; longer ones are refused. */
export const MAX_ATTRIBUTE_LENGTH = 4096;

export interface EntryOrigin {
  readonly stream: string;
  readonly entryId: string;
}

type Attributes = Record<string, unknown>;

/** Attributes with a field of their own in `Message`; all others are headers. */
const KNOWN_ATTRIBUTES: ReadonlySet<string> = new Set([
  "specversion",
  "id",
  "type",
  "source",
  "subject",
  "time",
  "datacontenttype",
  "dataschema",
  "data",
  "data_base64",
  "correlationid",
  "causationid",
  "traceparent",
  "tracestate",
  "schemaversion",
  "sequence",
]);

/** Attributes that headers may not name. */
export function isReservedAttribute(name: string): boolean {
  return KNOWN_ATTRIBUTES.has(name);
}

/** One field, `event`: parsing RESP in JavaScript costs more than parsing JSON natively. */
export function encode(message: OutgoingMessage): readonly [string, string] {
  // What would be refused on arrival is not sent; `data` lies one level down.
  checkShape(message.data, MAX_DEPTH - 1);
  const event = {
    specversion: "1.0",
    id: message.id,
    type: message.type,
    source: message.source,
    subject: message.key,
    time: message.time,
    datacontenttype: "application/json",
    correlationid: message.correlationId,
    causationid: message.causationId,
    traceparent: message.traceparent,
    tracestate: message.tracestate,
    schemaversion: message.schemaVersion,
    data: message.data,
    ...message.headers,
  };
  return ["event", JSON.stringify(event)];
}

/** The message in an entry's fields. `maxBytes` bounds their total length. */
export function decode(fields: readonly string[], origin: EntryOrigin, maxBytes: number): Message {
  checkSize(fields, maxBytes);
  if (fields.length === 2 && fields[0] === "event") {
    return fromStructured(parse(fields[1] ?? "", "event"), origin);
  }
  return fromBinary(fields, origin);
}

/** True when decoding may have replaced bytes that were not UTF-8: only the raw bytes can tell. */
export function mayHideInvalidUtf8(fields: readonly string[]): boolean {
  for (const value of fields) if (value.includes("\uFFFD")) return true;
  return false;
}

/** Throws when one of the values is not UTF-8. */
export function checkUtf8(values: readonly Uint8Array[]): void {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  for (const value of values) {
    try {
      decoder.decode(value);
    } catch (cause) {
      throw new InvalidMessageError("a field is not valid UTF-8", { cause });
    }
  }
}

function checkSize(fields: readonly string[], maxBytes: number): void {
  let length = 0;
  for (const value of fields) length += value.length;
  // A UTF-16 unit is at least one byte, at most three: count exactly only where it could matter.
  if (length * 3 > maxBytes) {
    let bytes = 0;
    for (const value of fields) bytes += Buffer.byteLength(value);
    if (bytes > maxBytes) {
      throw new InvalidMessageError(`the entry has ${bytes} bytes; max_message_bytes is ${maxBytes}`);
    }
  }
}

function parse(json: string, field: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (cause) {
    throw new InvalidMessageError(`field "${field}" is not JSON: ${(cause as Error).message}`, { cause });
  }
  checkShape(value, MAX_DEPTH);
  return value;
}

/** Refuses what would recurse too deep, or reach a prototype when copied. */
function checkShape(value: unknown, depthLeft: number): void {
  if (typeof value !== "object" || value === null) return;
  if (depthLeft === 0) throw new InvalidMessageError(`the payload is nested deeper than ${MAX_DEPTH} levels`);
  if (Array.isArray(value)) {
    for (const item of value) checkShape(item, depthLeft - 1);
    return;
  }
  if (Object.hasOwn(value, "__proto__")) throw new InvalidMessageError('the payload has a key "__proto__"');
  for (const key in value) checkShape((value as Attributes)[key], depthLeft - 1);
}

function fromStructured(event: unknown, origin: EntryOrigin): Message {
  if (typeof event !== "object" || event === null || Array.isArray(event)) {
    throw new InvalidMessageError('field "event" is not a JSON object');
  }
  const attributes = event as Attributes;
  if (attributes["specversion"] !== "1.0") {
    throw new InvalidMessageError(`specversion is ${JSON.stringify(attributes["specversion"])}, not "1.0"`);
  }
  if (!("data" in attributes)) throw new InvalidMessageError('the event has no "data"');
  return toMessage(attributes, attributes["data"], origin);
}

function fromBinary(fields: readonly string[], origin: EntryOrigin): Message {
  if (fields.length > MAX_FIELDS * 2) {
    throw new InvalidMessageError(`the entry has ${fields.length / 2} fields; at most ${MAX_FIELDS} are read`);
  }
  const attributes: Attributes = Object.create(null) as Attributes;
  for (let i = 0; i + 1 < fields.length; i += 2) {
    const name = fields[i] ?? "";
    if (name in attributes) throw new InvalidMessageError(`field ${quoted(name)} is there twice`);
    if (name === "__proto__") throw new InvalidMessageError('the entry has a field "__proto__"');
    attributes[name] = fields[i + 1];
  }
  for (const required of ["type", "data"]) {
    if (!(required in attributes)) throw new InvalidMessageError(`the entry has no field "${required}"`);
  }
  const data = parse(attributes["data"] as string, "data");
  return toMessage(attributes, data, origin);
}

function toMessage(attributes: Attributes, data: unknown, origin: EntryOrigin): Message {
  const type = text(attributes["type"], "type");
  if (type === undefined || type === "") throw new InvalidMessageError('the event has no "type"');
  const id = text(attributes["id"], "id") ?? derivedId(origin);
  return {
    id,
    type,
    source: text(attributes["source"], "source") ?? "",
    stream: origin.stream,
    entryId: origin.entryId,
    key: text(attributes["subject"], "subject"),
    time: text(attributes["time"], "time"),
    correlationId: text(attributes["correlationid"], "correlationid") ?? id,
    causationId: text(attributes["causationid"], "causationid"),
    traceparent: text(attributes["traceparent"], "traceparent"),
    tracestate: text(attributes["tracestate"], "tracestate"),
    schemaVersion: text(attributes["schemaversion"], "schemaversion"),
    sequence: text(attributes["sequence"], "sequence"),
    headers: headersOf(attributes),
    data,
  };
}

function text(value: unknown, name: string): string | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  if (typeof value !== "string") throw new InvalidMessageError(`attribute "${name}" is not text`);
  if (value.length > MAX_ATTRIBUTE_LENGTH) {
    throw new InvalidMessageError(`attribute "${name}" is longer than ${MAX_ATTRIBUTE_LENGTH} characters`);
  }
  return value;
}

const NO_HEADERS: Readonly<Record<string, string>> = Object.freeze({});

function headersOf(attributes: Attributes): Readonly<Record<string, string>> {
  let headers: Record<string, string> | null = null;
  for (const name in attributes) {
    if (KNOWN_ATTRIBUTES.has(name)) continue;
    const value = text(attributes[name], name);
    if (value === undefined) continue;
    headers ??= Object.create(null) as Record<string, string>;
    headers[name] = value;
  }
  return headers ?? NO_HEADERS;
}

/** The same entry has the same id on every delivery: a name-based UUID (version 8, SHA-256). */
function derivedId({ stream, entryId }: EntryOrigin): string {
  const hash = createHash("sha256").update(`${stream}\0${entryId}`).digest();
  hash[6] = ((hash[6] ?? 0) & 0x0f) | 0x80;
  hash[8] = ((hash[8] ?? 0) & 0x3f) | 0x80;
  const hex = hash.toString("hex", 0, 16);
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}

function quoted(name: string): string {
  return JSON.stringify(name.length > 60 ? `${name.slice(0, 60)}…` : name);
}
