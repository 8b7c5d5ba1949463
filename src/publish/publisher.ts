/** Events → entries: ids, keys, streams and causes filled in, appended in order. */
import { createHash } from "node:crypto";
import { UUID, uuidv7 } from "uuidv7";
import { EngineError } from "../errors.ts";
import { classOf, payloadOf, type EventInstance } from "../domain/elements.ts";
import type { Published, Publisher, PublishOptions } from "../domain/domain.ts";
import type { DomainModel } from "../domain/model.ts";
import { encode, isReservedAttribute, MAX_ATTRIBUTE_LENGTH } from "../message/codec.ts";
import type { Message, OutgoingMessage } from "../message/message.ts";
import { isValidName } from "../message/names.ts";
import type { Broker, NewEntry } from "../ports/broker.ts";
import type { Clock } from "../ports/clock.ts";

export interface PublisherOptions {
  readonly model: DomainModel;
  readonly broker: Broker;
  readonly clock: Clock;
  /** Largest encoded event. */
  readonly maxMessageBytes: number;
  /** The message whose handler is running, if any: the cause of what is published meanwhile. */
  readonly currentMessage: () => Message | undefined;
  readonly onClose?: () => Promise<void>;
}

export interface PreparedEntry extends NewEntry {
  readonly id: string;
}

const HEADER_NAME = /^[a-z0-9]{1,50}$/;

/** A {@link Publisher} that can also prepare entries for somebody else to append. */
export interface PreparingPublisher extends Publisher {
  prepare(event: EventInstance, options: PublishOptions): PreparedEntry;
}

export function createPublisher(options: PublisherOptions): PreparingPublisher {
  const { model, broker, clock } = options;

  function prepare(event: EventInstance, publish: PublishOptions): PreparedEntry {
    const eventClass = classOf(event);
    if (!eventClass) {
      throw new EngineError("ENGINE_PUBLISH_INVALID", "publish takes instances of classes made by Event(…)");
    }
    const home = model.homes.get(eventClass.eventType);
    const stream = publish.stream ?? home?.stream;
    if (stream === undefined) {
      throw new EngineError("ENGINE_PUBLISH_NO_STREAM", `${eventClass.eventType} belongs to no aggregate`, {
        hint: `List it in the events of domain.aggregate(…), or publish with { stream: "…" }.`,
      });
    }
    if (!isValidName(stream))
      throw new EngineError(
        "ENGINE_NAME_INVALID",
        `stream ${JSON.stringify(stream)} has characters that are not allowed`,
      );
    const cause = options.currentMessage();
    const id = publish.id ?? uuidv7();
    const message: OutgoingMessage = {
      id,
      type: eventClass.eventType,
      source: model.name,
      key: publish.key ?? keyOf(event, eventClass.eventOptions.key ?? home?.key),
      time: new Date(clock.now()).toISOString(),
      correlationId: publish.correlationId ?? cause?.correlationId ?? id,
      causationId: publish.causationId ?? cause?.id,
      traceparent: publish.traceparent ?? cause?.traceparent,
      tracestate: publish.tracestate ?? cause?.tracestate,
      schemaVersion: eventClass.eventOptions.version,
      headers: checkedHeaders(publish.headers),
      data: payloadOf(event),
    };
    checkAttributes(message);
    const fields = encoded(message);
    checkSize(eventClass.eventType, fields[1]);
    return { id, stream, fields };
  }

  function checkSize(type: string, text: string): void {
    const bytes = Buffer.byteLength(text) + "event".length;
    if (bytes <= options.maxMessageBytes) return;
    throw new EngineError(
      "ENGINE_PUBLISH_TOO_LARGE",
      `${type} has ${bytes} bytes; the limit is ${options.maxMessageBytes}`,
      {
        hint: "Publish a reference to large data instead, or raise server.max_message_bytes for publisher and consumers.",
      },
    );
  }

  return {
    prepare,
    async publish(events, publish) {
      const entries = events.map((event) => prepare(event, publish));
      const entryIds = await broker.append(entries);
      return entries.map(({ id, stream }, index): Published => ({ id, stream, entryId: entryIds[index] ?? "" }));
    },
    close: () => options.onClose?.() ?? Promise.resolve(),
  };
}

/** What every consumer would refuse is refused here, where somebody can do something about it. */
function checkAttributes({
  id,
  key,
  correlationId,
  causationId,
  traceparent,
  tracestate,
  headers,
}: OutgoingMessage): void {
  const attributes = Object.entries({ id, key, correlationId, causationId, traceparent, tracestate, ...headers });
  for (const [name, value] of attributes) {
    if (value === undefined || (typeof value === "string" && value.length <= MAX_ATTRIBUTE_LENGTH)) continue;
    const problem =
      typeof value === "string" ? `is longer than ${MAX_ATTRIBUTE_LENGTH} characters` : `is ${typeof value}, not text`;
    throw new EngineError("ENGINE_PUBLISH_INVALID", `${name} ${problem}`);
  }
}

function encoded(message: OutgoingMessage): readonly [string, string] {
  try {
    return encode(message);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new EngineError("ENGINE_PUBLISH_INVALID", `${message.type} cannot be written as JSON: ${reason}`, {
      hint: "Its data may hold what JSON knows: no bigint, no cycle.",
      cause,
    });
  }
}

function keyOf(event: EventInstance, property: string | undefined): string | undefined {
  if (property === undefined) return undefined;
  const value = (event as unknown as Record<string, unknown>)[property];
  if (typeof value === "string" || typeof value === "number" || typeof value === "bigint") return String(value);
  throw new EngineError(
    "ENGINE_PUBLISH_INVALID",
    `the key property ${JSON.stringify(property)} is ${typeof value}, not text or a number`,
  );
}

function checkedHeaders(
  headers: Readonly<Record<string, string>> | undefined,
): Readonly<Record<string, string>> | undefined {
  for (const name of Object.keys(headers ?? {})) {
    if (!HEADER_NAME.test(name) || isReservedAttribute(name)) {
      throw new EngineError(
        "ENGINE_PUBLISH_INVALID",
        `header ${JSON.stringify(name)} is reserved or not lower-case letters and digits`,
        {
          hint: "CloudEvents extension attributes have names like `tenant` or `region2`.",
        },
      );
    }
  }
  return headers;
}

/**
 * The id of the `index`-th event that a handler publishes for a message: a UUID v7 with the cause's time and, in place of
 * random bits, a hash. The same run repeated gives the same ids, so consumers can tell a repetition from news.
 */
export function derivedEventId(cause: Message, subscription: string, index: number): string {
  const hash = createHash("sha256").update(`${cause.id}\0${subscription}\0${index}`).digest();
  const time = cause.time === undefined ? Number.NaN : Date.parse(cause.time);
  const entryTime = Number(cause.entryId.split("-")[0]);
  const unixMs = [time, entryTime].find((ms) => Number.isInteger(ms) && ms >= 0 && ms < 2 ** 48) ?? 0;
  return UUID.fromFieldsV7(
    unixMs,
    hash.readUInt16BE(0) & 0xfff,
    hash.readUInt32BE(2) & 0x3fffffff,
    hash.readUInt32BE(6),
  ).toString();
}
