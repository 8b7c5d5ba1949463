/** Delivery → held: decoded once, on arrival, because its key decides when it may run. */
import { InvalidMessageError } from "../errors.ts";
import type { SubscriptionModel } from "../domain/model.ts";
import { checkUtf8, decode, mayHideInvalidUtf8 } from "../message/codec.ts";
import type { Message } from "../message/message.ts";
import type { Consumer, Delivery } from "../ports/broker.ts";
import type { Decoded, Held } from "./held.ts";
import { CrashLimitError } from "./retry-policy.ts";

export interface HoldOptions {
  readonly model: SubscriptionModel;
  readonly maxMessageBytes: number;
  readonly maxCrashes: number;
}

export function hold(delivery: Delivery, options: HoldOptions): Held {
  const { history, fields } = delivery;
  const isCondemned = history.isCrashProven && history.crashes >= options.maxCrashes;
  // A message that kills its process is not even parsed again.
  const decoded: Decoded = isCondemned
    ? { kind: "undecodable", error: new CrashLimitError(history.crashes) }
    : decodeDelivery(delivery, options);
  let bytes = 0;
  for (const value of fields) bytes += value.length;
  return {
    delivery,
    decoded,
    key: decoded.kind === "message" ? (decoded.message.key ?? null) : null,
    bytes,
    isSuspect: history.crashes > 0 && !isCondemned,
    needsByteCheck: decoded.kind === "message" && mayHideInvalidUtf8(fields),
    notBeforeMs: history.delayMs > 0 ? performance.now() + history.delayMs : 0,
    isLost: false,
    running: null,
  };
}

/** The message of a held delivery; throws what made it undecodable. */
export function messageOf(held: Held): Message {
  if (held.decoded.kind === "message") return held.decoded.message;
  throw held.decoded.error;
}

/** Replaced characters in a text are real ones, or stand for bytes that were not UTF-8: the broker still has the bytes. */
export async function checkBytes(held: Held, consumer: Consumer): Promise<void> {
  const values = await consumer.rawFields(held.delivery);
  if (values === null) return;
  try {
    checkUtf8(values);
  } catch (error) {
    held.decoded = { kind: "undecodable", error: error as Error };
  }
}

function decodeDelivery(delivery: Delivery, { model, maxMessageBytes }: HoldOptions): Decoded {
  try {
    const origin = { stream: model.stream, entryId: delivery.replay?.entryId ?? delivery.entryId };
    if (model.decode) return { kind: "message", message: decodeForeign(delivery, model, origin) };
    return { kind: "message", message: decode(delivery.fields, origin, maxMessageBytes) };
  } catch (error) {
    return { kind: "undecodable", error: error instanceof InvalidMessageError ? error : invalid(error) };
  }
}

function invalid(cause: unknown): InvalidMessageError {
  const message = cause instanceof Error ? cause.message : String(cause);
  return new InvalidMessageError(`decode failed: ${message}`, { cause });
}

function decodeForeign(
  delivery: Delivery,
  model: SubscriptionModel,
  origin: { readonly stream: string; readonly entryId: string },
): Message {
  const fields: Record<string, string> = Object.create(null) as Record<string, string>;
  for (let i = 0; i + 1 < delivery.fields.length; i += 2)
    fields[delivery.fields[i] ?? ""] = delivery.fields[i + 1] ?? "";
  const foreign = model.decode?.({ ...origin, fields });
  if (foreign instanceof Promise) {
    // Its rejection is of no further interest, and must not end the process.
    foreign.catch(() => undefined);
    throw new InvalidMessageError("decode returned a promise: it must be synchronous");
  }
  if (typeof foreign?.type !== "string" || foreign.type === "")
    throw new InvalidMessageError("decode returned no type");
  const id = foreign.id ?? `${origin.stream}/${origin.entryId}`;
  return {
    id,
    type: foreign.type,
    source: origin.stream,
    stream: origin.stream,
    entryId: origin.entryId,
    key: foreign.key,
    time: foreign.time,
    correlationId: foreign.correlationId ?? id,
    headers: {},
    data: foreign.data,
  };
}
