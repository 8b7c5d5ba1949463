/** Declarations users write with: events and aggregates. */
import type { StandardSchemaV1 } from "@standard-schema/spec";
import { EngineError, InvalidMessageError } from "../errors.ts";

/** Keeps events of equal shape apart for the compiler; does not exist at run time. */
declare const EVENT_NAME: unique symbol;

/** The data an event was made from, as it travels: before any transformation by its schema. */
const INPUT: unique symbol = Symbol("domain-engine.input");

/** Says that the data given to a constructor has passed the schema. */
const VALIDATED: unique symbol = Symbol("domain-engine.validated");

export type EventSchema = StandardSchemaV1<unknown, object>;

/** An instance of some event class. */
export interface EventInstance<Name extends string = string> {
  readonly [EVENT_NAME]: Name;
}

/** A class made by {@link Event}, or one that extends it. */
export interface EventClass<Instance extends EventInstance = EventInstance> {
  new (data: never): Instance;
  /** The CloudEvents `type`. */
  readonly eventType: string;
  readonly schema: EventSchema;
  readonly eventOptions: EventOptions;
}

export interface EventOptions {
  /** The property that is the message's key (the aggregate's id). Without it, the aggregate's `key`. */
  readonly key?: string;
  /** Travels as `schemaversion`. */
  readonly version?: string;
}

/** What {@link Event} returns: a constructor from the schema's input to its output. */
export interface EventBase<Name extends string, Schema extends EventSchema> {
  /** Validates `data`; throws `EngineError` ENGINE_PUBLISH_INVALID where it does not fit. */
  new (data: StandardSchemaV1.InferInput<Schema>): StandardSchemaV1.InferOutput<Schema> & EventInstance<Name>;
  readonly eventType: Name;
  readonly schema: Schema;
  readonly eventOptions: EventOptions;
}

/**
 * Declares an event: `class OrderPlaced extends Event("OrderPlaced", z.object({ … })) {}`.
 *
 * `schema` is any Standard Schema validator (zod, valibot, arktype, …) of an object, synchronous. The data travels in the
 * schema's input form and is validated again on arrival, so transformations are applied on both sides.
 */
export function Event<const Name extends string, Schema extends EventSchema>(
  name: Name,
  schema: Schema,
  options: EventOptions = {},
): EventBase<Name, Schema> {
  class DeclaredEvent {
    static readonly eventType = name;
    static readonly schema = schema;
    static readonly eventOptions = options;

    constructor(data: unknown, validated?: typeof VALIDATED) {
      const output = validated === VALIDATED ? data : validateForPublish(name, schema, data);
      for (const key of Object.keys(output as object)) {
        if (key !== "__proto__") (this as Record<string, unknown>)[key] = (output as Record<string, unknown>)[key];
      }
      if (validated !== VALIDATED) Object.defineProperty(this, INPUT, { value: data, enumerable: false });
    }
  }
  return DeclaredEvent as unknown as EventBase<Name, Schema>;
}

function validateForPublish(name: string, schema: EventSchema, data: unknown): unknown {
  const result = validateNow(name, schema, data);
  if (!result.issues) return result.value;
  throw new EngineError("ENGINE_PUBLISH_INVALID", `${name} does not fit its schema: ${describeIssues(result.issues)}`);
}

function validateNow(name: string, schema: EventSchema, data: unknown): StandardSchemaV1.Result<unknown> {
  const result = schema["~standard"].validate(data);
  if (result instanceof Promise) {
    // What it comes to is of no interest, and must not end the process.
    result.catch(() => undefined);
    throw new EngineError("ENGINE_DOMAIN_INVALID", `the schema of ${name} validates asynchronously`, {
      hint: "Use a synchronous schema; look things up in the handler instead.",
    });
  }
  return result;
}

/** The event in a message's payload. Throws `InvalidMessageError` where it does not fit the schema. */
export function reviveEvent(eventClass: EventClass, data: unknown): EventInstance {
  const result = validateNow(eventClass.eventType, eventClass.schema, data);
  if (result.issues) {
    throw new InvalidMessageError(`${eventClass.eventType} does not fit its schema: ${describeIssues(result.issues)}`);
  }
  const Revive = eventClass as unknown as new (data: unknown, validated: typeof VALIDATED) => EventInstance;
  return new Revive(result.value, VALIDATED);
}

/** What travels of an event: the data it was made from. */
export function payloadOf(event: EventInstance): unknown {
  return (event as unknown as Record<symbol, unknown>)[INPUT] ?? event;
}

/** The class of an event instance. */
export function classOf(event: EventInstance): EventClass | null {
  // Of its prototype: a payload may have a property of that name.
  const prototype: unknown = typeof event === "object" && event !== null ? Object.getPrototypeOf(event) : null;
  const constructor = (prototype as { constructor?: unknown } | null)?.constructor;
  return isEventClass(constructor) ? constructor : null;
}

export function isEventClass(value: unknown): value is EventClass {
  return typeof value === "function" && "eventType" in value && "schema" in value;
}

const MAX_ISSUES = 5;

function describeIssues(issues: readonly StandardSchemaV1.Issue[]): string {
  const lines = issues.slice(0, MAX_ISSUES).map((issue) => {
    const path = (issue.path ?? []).map((part) => String(typeof part === "object" ? part.key : part)).join(".");
    return path === "" ? issue.message : `${path}: ${issue.message}`;
  });
  if (issues.length > MAX_ISSUES) lines.push(`and ${issues.length - MAX_ISSUES} more`);
  return lines.join("; ");
}

export interface AggregateOptions {
  /** The stream its events live in. Default: the name in snake_case (`OrderLine` → `order_line`). */
  readonly category?: string;
  /** Its events: where `publish` sends them. */
  readonly events?: readonly EventClass[];
  /** The property of its events that holds the aggregate's id: the messages' key. */
  readonly key?: string;
}

/** An aggregate as far as the engine knows it: a name and the category (stream) of its events. */
export interface Aggregate {
  readonly kind: "aggregate";
  readonly name: string;
  readonly category: string;
  readonly events: readonly EventClass[];
  readonly key: string | undefined;
}
