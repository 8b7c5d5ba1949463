import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { z } from "zod";
import { defineHandler, on } from "../../../src/domain/define-handler.ts";
import { handle } from "../../../src/domain/decorators.ts";
import { Domain } from "../../../src/domain/domain.ts";
import { classOf, Event, payloadOf, reviveEvent } from "../../../src/domain/elements.ts";
import { EngineError, InvalidMessageError } from "../../../src/errors.ts";
import type { DomainModel } from "../../../src/domain/model.ts";
import { anyObject } from "../consume/consume-world.ts";

class Placed extends Event(
  "Placed",
  z.object({
    id: z.string(),
    at: z
      .string()
      .transform((text) => new Date(text))
      .optional(),
  }),
) {}
class Shipped extends Event("Shipped", anyObject) {}

const faultsOf = (domain: Domain): string => {
  try {
    return JSON.stringify(domain.model.name);
  } catch (error) {
    assert.ok(error instanceof EngineError && error.code === "ENGINE_DOMAIN_INVALID");
    return error.message;
  }
};

function firstOf({ subscriptions }: DomainModel): DomainModel["subscriptions"][number] {
  return subscriptions[0] ?? assert.fail("no subscription");
}

describe("Event", () => {
  it("validates what is published, naming the place", () => {
    assert.throws(
      () => new Placed({ id: 5 as unknown as string }),
      (error) =>
        error instanceof EngineError && error.code === "ENGINE_PUBLISH_INVALID" && /Placed.*id: /.test(error.message),
    );
  });

  it("gives handlers the schema's output, and sends its input", () => {
    const event = new Placed({ id: "1", at: "2026-01-02" });
    assert.ok(event.at instanceof Date && event instanceof Placed);
    assert.deepEqual(payloadOf(event), { id: "1", at: "2026-01-02" });
    const revived = reviveEvent(Placed, { id: "1", at: "2026-01-02" });
    assert.deepEqual(Object.entries(revived), Object.entries(event));
  });

  it("refuses on arrival what does not fit, and lists at most five issues", () => {
    assert.throws(() => reviveEvent(Placed, { id: 1 }), InvalidMessageError);
    const issues = Array.from({ length: 9 }, (_, i) => ({ message: `m${i}`, path: ["a", { key: i }] }));
    class Picky extends Event("Picky", { "~standard": { version: 1, vendor: "t", validate: () => ({ issues }) } }) {}
    assert.throws(() => reviveEvent(Picky, {}), /a\.0: m0; a\.1: m1; a\.2: m2; a\.3: m3; a\.4: m4; and 4 more/);
  });

  it("is known by its class, whatever its data is called", () => {
    assert.equal(classOf(new Shipped({ constructor: "x", eventType: "y" })), Shipped);
    assert.equal(classOf({} as never), null);
  });
});

describe("a domain's model", () => {
  it("names every fault at once", () => {
    const domain = new Domain("my shop");
    const Order = domain.aggregate("Order", { category: "or der", events: [Placed] });
    domain.aggregate("Parcel", { events: [Placed] });
    class OtherPlaced extends Event("Placed", anyObject) {}
    class Async extends Event("Async", {
      "~standard": { version: 1, vendor: "t", validate: async () => Promise.reject(new Error("unheard")) },
    }) {}
    class Throwing extends Event("Throwing", {
      "~standard": {
        version: 1,
        vendor: "t",
        validate: () => {
          throw new Error("boom");
        },
      },
    }) {}
    domain.register(
      defineHandler(
        { name: "Twice", partOf: Order },
        on(Placed, () => 0),
        on(Placed, () => 0),
      ),
      defineHandler(
        { name: "Same", stream: "a" },
        on(OtherPlaced, () => 0),
      ),
      defineHandler(
        { name: "Same", stream: "b" },
        on(Async as unknown as typeof Shipped, () => 0),
      ),
      defineHandler({ name: "Late", stream: "c", startFrom: "yesterday" }),
      defineHandler(
        { name: "Odd", stream: "d" },
        on(Throwing as unknown as typeof Shipped, () => 0),
      ),
    );
    class NeedsMailer {
      constructor(readonly_: string) {
        void readonly_;
      }
      run(): void {}
    }
    const metadata = {};
    handle(Shipped)(
      NeedsMailer.prototype.run as never,
      { kind: "method", name: "run", static: false, private: false, metadata } as never,
    );
    (domain.eventHandler({ stream: "e" }) as unknown as (target: unknown, context: unknown) => void)(NeedsMailer, {
      kind: "class",
      name: "NeedsMailer",
      metadata,
    });
    const text = faultsOf(domain);
    for (const fault of [
      /domain's name is "my shop"/,
      /category of aggregate Order is "or der"/,
      /Placed belongs to two aggregates/,
      /Twice handles Placed twice/,
      /two event classes are called Placed/,
      /two handlers are called my shop\.Same/,
      /Async validates asynchronously/,
      /Late handles nothing/,
      /startFrom "yesterday"/,
      /Throwing throws instead of naming issues: boom/,
      /NeedsMailer takes arguments/,
    ])
      assert.match(text, fault);
  });

  it("names subscriptions after the domain, and makes handlers when asked, not before", () => {
    let made = 0;
    class Audit {
      constructor() {
        made += 1;
      }
      seen: unknown[] = [];
      record(event: unknown): void {
        this.seen.push(event);
      }
    }
    const domain = new Domain("shop");
    const metadata = {};
    handle("legacy")(
      Audit.prototype.record as never,
      { kind: "method", name: "record", static: false, private: false, metadata } as never,
    );
    (domain.subscriber({ stream: "x", name: "Other" }) as unknown as (target: unknown, context: unknown) => void)(
      Audit,
      { kind: "class", name: "Audit", metadata },
    );
    const subscription = firstOf(domain.model);
    assert.deepEqual(
      [subscription.name, subscription.handlerName, subscription.kind, made],
      ["shop.Other", "Audit", "subscriber", 0],
    );
    assert.equal(typeof subscription.createMethods().get("record"), "function");
    assert.equal(made, 1);
  });

  it("is frozen: what is declared later is refused", () => {
    const domain = new Domain("shop");
    assert.equal(domain.model, domain.model);
    for (const late of [
      () => domain.aggregate("A"),
      () =>
        domain.register(
          defineHandler(
            { name: "L", stream: "s" },
            on(Shipped, () => 0),
          ),
        ),
    ]) {
      assert.throws(late, (error) => error instanceof EngineError && error.code === "ENGINE_STATE_INVALID");
    }
  });

  it("says when create() returns something else", () => {
    const domain = new Domain("shop");
    class Audit {
      record(): void {}
    }
    const metadata = {};
    handle(Shipped)(
      Audit.prototype.record as never,
      { kind: "method", name: "record", static: false, private: false, metadata } as never,
    );
    (domain.eventHandler({ stream: "x", create: () => ({}) as Audit }) as unknown as (t: unknown, c: unknown) => void)(
      Audit,
      { kind: "class", name: "Audit", metadata },
    );
    assert.throws(() => firstOf(domain.model).createMethods(), /create\(\) returned has no method record/);
  });
});

describe("@handle", () => {
  it("is refused on what no instance has", () => {
    for (const odd of [
      { static: true, private: false },
      { static: false, private: true },
    ]) {
      assert.throws(
        () => handle(Shipped)(() => 0, { kind: "method", name: "m", metadata: {}, ...odd } as never),
        TypeError,
      );
    }
  });
});

describe("a domain that is not connected", () => {
  it("refuses to publish, and closes without a word", async () => {
    const domain = new Domain("shop");
    await assert.rejects(
      domain.publish(new Shipped({})),
      (error) => error instanceof EngineError && error.code === "ENGINE_PUBLISH_NOT_CONNECTED",
    );
    await domain.close();
  });

  it("publishes through the last publisher attached, until it is detached", async () => {
    const domain = new Domain("shop");
    const closed: string[] = [];
    const publisher = (name: string): Parameters<Domain["attach"]>[0] => ({
      publish: async () => [{ id: name, stream: "s", entryId: "1-0" }],
      close: async () => void closed.push(name),
    });
    domain.attach(publisher("a"));
    const detach = domain.attach(publisher("b"));
    assert.equal((await domain.publish(new Shipped({}))).id, "b");
    detach();
    detach();
    assert.equal((await domain.publish(new Shipped({}))).id, "a");
    await domain.close();
    await domain.close();
    assert.deepEqual(closed, ["a"]);
  });
});
