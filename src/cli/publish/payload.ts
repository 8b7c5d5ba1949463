/** From JSON text to an entry that consumers are sure to understand. */
import { uuidv7 } from "uuidv7";
import { EngineError } from "../../errors.ts";
import { decode, encode } from "../../message/codec.ts";
import type { NewEntry } from "../../ports/broker.ts";
import type { Clock } from "../../ports/clock.ts";
import type { SourceEvent } from "./json-lines.ts";

/** Checks data against the type's schema; throws when it does not fit. */
export type DataCheck = (data: unknown) => void;

/** Where each event's key comes from. */
export type KeySource =
  | { readonly kind: "none" }
  | { readonly kind: "value"; readonly value: string }
  /** A field of the data; `order.id` looks into objects. */
  | { readonly kind: "field"; readonly path: string };

export interface EntryRecipe {
  readonly stream: string;
  readonly type: string;
  readonly source: string;
  readonly key: KeySource;
  readonly schemaVersion: string | undefined;
  readonly maxMessageBytes: number;
  readonly clock: Clock;
  /** Null: any data is allowed. */
  readonly check: DataCheck | null;
}

/** The entry for one event. Throws ENGINE_PUBLISH_INVALID or ENGINE_PUBLISH_TOO_LARGE, naming the event's place. */
export function toEntry(event: SourceEvent, recipe: EntryRecipe): NewEntry {
  const data = parseJson(event.text, event.place);
  const key = keyOf(data, recipe.key, event.place);
  try {
    recipe.check?.(data);
  } catch (error) {
    throw invalid(event.place, `cannot be published: ${messageOf(error)}`, error);
  }
  const id = uuidv7();
  const time = new Date(recipe.clock.now()).toISOString();
  const { stream, type, source, schemaVersion, maxMessageBytes } = recipe;
  const fields = understood(event.place, () =>
    encode({ id, type, source, key, time, correlationId: id, schemaVersion, data }),
  );
  const bytes = fields.reduce((total, field) => total + Buffer.byteLength(field), 0);
  if (bytes > maxMessageBytes) {
    throw new EngineError(
      "ENGINE_PUBLISH_TOO_LARGE",
      `${event.place} makes an event of ${bytes} bytes; the limit is ${maxMessageBytes}`,
      { hint: "[server] max_message_bytes sets the limit." },
    );
  }
  understood(event.place, () => decode(fields, { stream, entryId: "0-0" }, maxMessageBytes));
  return { stream, fields };
}

function understood<T>(place: string, call: () => T): T {
  try {
    return call();
  } catch (error) {
    throw invalid(place, `would not be understood by consumers: ${messageOf(error)}`, error);
  }
}

/** A run of digits this long may be a number that JSON.parse would quietly round. */
const LONG_NUMBER = /\d{16}/;

/** JSON, with an error that names the place; refuses whole numbers that cannot be kept exactly. */
export function parseJson(text: string, place: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    if (LONG_NUMBER.test(text)) checkNumbers(text, place);
    return value;
  } catch (error) {
    if (error instanceof EngineError) throw error;
    throw invalid(place, `is not JSON: ${messageOf(error)}`, error);
  }
}

type SourceReviver = (key: string, value: unknown, context?: { source?: string }) => unknown;

function checkNumbers(text: string, place: string): void {
  const check: SourceReviver = (_key, value, context) => {
    const isRounded =
      typeof value === "number" && !Number.isSafeInteger(value) && /^-?\d+$/.test(context?.source ?? "");
    if (isRounded) throw invalid(place, `has the number ${context?.source}, which JSON readers round; quote it`);
    return value;
  };
  JSON.parse(text, check);
}

function keyOf(data: unknown, source: KeySource, place: string): string | undefined {
  switch (source.kind) {
    case "none":
      return undefined;
    case "value":
      return source.value;
    case "field": {
      const value = valueAt(data, source.path);
      if ((typeof value === "string" && value !== "") || typeof value === "number") return String(value);
      throw invalid(place, `has no text or number in "${source.path}", the --key-field`);
    }
  }
}

function valueAt(data: unknown, path: string): unknown {
  return path.split(".").reduce<unknown>((value, name) => {
    const isObject = typeof value === "object" && value !== null;
    return isObject && Object.hasOwn(value, name) ? (value as Record<string, unknown>)[name] : undefined;
  }, data);
}

function invalid(place: string, problem: string, cause?: unknown): EngineError {
  return new EngineError("ENGINE_PUBLISH_INVALID", `${place} ${problem}`, { cause });
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
