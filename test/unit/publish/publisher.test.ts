import assert from "node:assert/strict";
import { describe, it } from "node:test";
import * as fc from "fast-check";
import { createMemoryAdapter } from "../../../src/adapters/memory/adapter.ts";
import { Domain } from "../../../src/domain/domain.ts";
import { Event, type EventInstance } from "../../../src/domain/elements.ts";
import type { PublishOptions } from "../../../src/domain/domain.ts";
import { EngineError } from "../../../src/errors.ts";
import { decode } from "../../../src/message/codec.ts";
import type { Message } from "../../../src/message/message.ts";
import { createPublisher, derivedEventId } from "../../../src/publish/publisher.ts";
import { anyObject, messageWith } from "../consume/consume-world.ts";

class OrderPlaced extends Event("OrderPlaced", anyObject, { version: "2" }) {}
class Shipped extends Event("Shipped", anyObject, { key: "parcel" }) {}
class Loose extends Event("Loose", anyObject) {}

const NOW = Date.UTC(2026, 0, 2);
const clock = { now: () => NOW, monotonicMs: () => 0 };

function publisherWith(cause?: Message, maxMessageBytes = 2000): ReturnType<typeof createPublisher> {
  const domain = new Domain("shop");
  domain.aggregate("Order", { events: [OrderPlaced, Shipped], key: "orderId" });
  const { broker } = createMemoryAdapter("default");
  return createPublisher({ model: domain.model, broker, clock, maxMessageBytes, currentMessage: () => cause });
}

function written(event: EventInstance, options: PublishOptions = {}, cause?: Message): Message {
  const { stream, fields } = publisherWith(cause).prepare(event, options);
  return decode(fields, { stream, entryId: "1-0" }, 10_000);
}

const refusal =
  (code: string, pattern: RegExp) =>
  (error: unknown): boolean =>
    error instanceof EngineError && error.code === code && pattern.test(error.message);

describe("publish", () => {
  it("fills in id, source, time, stream and key", () => {
    const message = written(new OrderPlaced({ orderId: "7", total: 5 }));
    assert.match(message.id, /^[0-9a-f]{8}-[0-9a-f]{4}-7/);
    assert.deepEqual(
      [
        message.type,
        message.source,
        message.stream,
        message.key,
        message.time,
        message.schemaVersion,
        message.correlationId,
      ],
      ["OrderPlaced", "shop", "order", "7", "2026-01-02T00:00:00.000Z", "2", message.id],
    );
  });

  it("takes the event's own key before the aggregate's, and an option before both", () => {
    assert.equal(written(new Shipped({ orderId: "7", parcel: 12 })).key, "12");
    assert.equal(written(new Shipped({ orderId: "7" }), { key: "mine" }).key, "mine");
  });

  it("inside a handler carries on correlation, cause and trace", () => {
    const cause: Message = { ...messageWith("k"), correlationId: "first", traceparent: "00-a-b-01", tracestate: "v=1" };
    const message = written(new OrderPlaced({ orderId: "7" }), {}, cause);
    assert.deepEqual(
      [message.correlationId, message.causationId, message.traceparent, message.tracestate],
      ["first", cause.id, "00-a-b-01", "v=1"],
    );
  });

  it("sends headers, and the data as it was given", () => {
    const message = written(new OrderPlaced({ orderId: "7", constructor: "c" }), {
      headers: { tenant: "acme" },
      stream: "archive",
    });
    assert.deepEqual(
      [message.headers["tenant"], message.stream, message.data],
      ["acme", "archive", { orderId: "7", constructor: "c" }],
    );
  });

  it("resolves to ids in order, and appends in order", async () => {
    const published = await publisherWith().publish(
      [new OrderPlaced({ orderId: "1" }), new OrderPlaced({ orderId: "2" })],
      { correlationId: "c" },
    );
    assert.equal(new Set(published.map(({ entryId }) => entryId)).size, 2);
    assert.deepEqual(
      published.map(({ stream }) => stream),
      ["order", "order"],
    );
  });
});

describe("publish refuses", () => {
  const cycle: Record<string, unknown> = { orderId: "1" };
  cycle["self"] = cycle;
  const REFUSED: readonly (readonly [string, string, RegExp, () => unknown])[] = [
    ["what is no event", "ENGINE_PUBLISH_INVALID", /classes made by Event/, () => written({} as EventInstance)],
    ["null", "ENGINE_PUBLISH_INVALID", /classes made by Event/, () => written(null as unknown as EventInstance)],
    [
      "an object without a prototype",
      "ENGINE_PUBLISH_INVALID",
      /classes made by Event/,
      () => written(Object.create(null) as EventInstance),
    ],
    ["an event of no stream", "ENGINE_PUBLISH_NO_STREAM", /Loose/, () => written(new Loose({}))],
    [
      "a stream with strange characters",
      "ENGINE_NAME_INVALID",
      /"a b"/,
      () => written(new Loose({}), { stream: "a b" }),
    ],
    [
      "an event without its key",
      "ENGINE_PUBLISH_INVALID",
      /"orderId" is undefined/,
      () => written(new OrderPlaced({})),
    ],
    [
      "a key that is an object",
      "ENGINE_PUBLISH_INVALID",
      /"orderId" is object/,
      () => written(new OrderPlaced({ orderId: {} })),
    ],
    [
      "a reserved header",
      "ENGINE_PUBLISH_INVALID",
      /"subject"/,
      () => written(new OrderPlaced({ orderId: "1" }), { headers: { subject: "x" } }),
    ],
    [
      "a header with capitals",
      "ENGINE_PUBLISH_INVALID",
      /"X-Tenant"/,
      () => written(new OrderPlaced({ orderId: "1" }), { headers: { "X-Tenant": "x" } }),
    ],
    [
      "a header that is no text",
      "ENGINE_PUBLISH_INVALID",
      /tenant is object/,
      () => written(new OrderPlaced({ orderId: "1" }), { headers: { tenant: {} as string } }),
    ],
    [
      "a key that consumers would refuse",
      "ENGINE_PUBLISH_INVALID",
      /key is longer than 4096/,
      () => written(new OrderPlaced({ orderId: "k".repeat(4097) })),
    ],
    [
      "an event beyond the size limit, counted in bytes",
      "ENGINE_PUBLISH_TOO_LARGE",
      /the limit is 2000/,
      () => written(new OrderPlaced({ orderId: "1", text: "é".repeat(900) })),
    ],
    ["a cycle", "ENGINE_PUBLISH_INVALID", /JSON/, () => written(new OrderPlaced(cycle))],
    ["a bigint", "ENGINE_PUBLISH_INVALID", /JSON/, () => written(new OrderPlaced({ orderId: "1", total: 1n }))],
  ];
  for (const [what, code, pattern, attempt] of REFUSED) {
    it(what, () => assert.throws(attempt, refusal(code, pattern)));
  }

  it("all of several events when one of them is refused", async () => {
    const { broker, streams } = createMemoryAdapter("default");
    const domain = new Domain("shop");
    domain.aggregate("Order", { events: [OrderPlaced], key: "orderId" });
    const publisher = createPublisher({
      model: domain.model,
      broker,
      clock,
      maxMessageBytes: 2000,
      currentMessage: () => undefined,
    });
    await assert.rejects(publisher.publish([new OrderPlaced({ orderId: "1" }), new OrderPlaced({})], {}), EngineError);
    assert.equal(streams.get("order"), undefined);
  });
});

describe("the id of an event that a handler publishes", () => {
  const uuidV7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

  it("is a UUID v7, the same for the same cause, subscription and place, and another for any other", () => {
    fc.assert(
      fc.property(
        fc.string(),
        fc.oneof(fc.string(), fc.constant("2026-01-02T00:00:00Z"), fc.constant(undefined)),
        fc.nat(100),
        (id, time, index) => {
          const cause = { ...messageWith("k"), id, time };
          const derived = derivedEventId(cause, "shop.A", index);
          assert.match(derived, uuidV7);
          assert.equal(derivedEventId({ ...cause }, "shop.A", index), derived);
          const others = [
            derivedEventId(cause, "shop.B", index),
            derivedEventId(cause, "shop.A", index + 1),
            derivedEventId({ ...cause, id: `${id}x` }, "shop.A", index),
          ];
          assert.ok(!others.includes(derived));
        },
      ),
    );
  });

  it("bears its cause's time, else its entry's", () => {
    const msOf = (id: string): number => Number.parseInt(id.replaceAll("-", "").slice(0, 12), 16);
    assert.equal(msOf(derivedEventId({ ...messageWith("k"), time: "2026-01-02T00:00:00Z" }, "s", 0)), NOW);
    assert.equal(
      msOf(derivedEventId({ ...messageWith("k", "1700000000000-3"), time: "nonsense" }, "s", 0)),
      1_700_000_000_000,
    );
    assert.equal(msOf(derivedEventId({ ...messageWith("k", "99999999999999999999-0"), time: undefined }, "s", 0)), 0);
  });
});
