// A handler fits the event it is decorated with, and its options are spelt right, or it does not compile.
import { handle } from "../../src/domain/decorators.ts";
import type { HandlerContext } from "../../src/domain/handler-context.ts";
import { assertType, domain, Order, OrderPlaced, OrderRepeated, OrderShipped, type Same } from "./fixtures.ts";

@domain.eventHandler({
  partOf: Order,
  subscriptionProfile: "production",
  subscriptionConfig: { messagesPerTick: 50, dlqRetentionHours: 720, dlqAlertThreshold: 10 },
})
export class Audit {
  @handle(OrderPlaced)
  async placed(event: OrderPlaced, context: HandlerContext): Promise<void> {
    assertType<Same<typeof event.total, number>>();
    assertType<Same<typeof context.attempt, number>>();
    assertType<Same<typeof context.signal, AbortSignal>>();
    await Promise.resolve(context.message.correlationId);
  }

  @handle(OrderShipped)
  shipped(event: OrderShipped): string {
    return event.orderId;
  }

  // What accepts more than the event accepts the event.
  @handle(OrderRepeated)
  repeated(event: { readonly orderId: string }): string {
    return event.orderId;
  }

  @handle("legacy.order")
  legacy(payload: unknown): unknown {
    return payload;
  }

  @handle(OrderPlaced)
  @handle(OrderShipped)
  either(event: OrderPlaced | OrderShipped): string {
    return event.orderId;
  }
}

export class Misfits {
  // @ts-expect-error TS1241 the parameter is another event
  @handle(OrderPlaced)
  another(event: OrderShipped): string {
    return event.orderId;
  }

  // @ts-expect-error TS1241 the parameter is another event, of the same shape
  @handle(OrderPlaced)
  twin(event: OrderRepeated): string {
    return event.orderId;
  }

  // @ts-expect-error TS1241 the parameter wants a field the event does not have
  @handle(OrderShipped)
  wantsMore(event: { readonly orderId: string; readonly weight: number }): number {
    return event.weight;
  }

  // @ts-expect-error TS1241 one of two events does not fit
  @handle(OrderShipped)
  @handle(OrderPlaced)
  oneOfTwo(event: OrderPlaced): string {
    return event.orderId;
  }

  // @ts-expect-error TS1241 the second parameter is not the context
  @handle(OrderPlaced)
  contextless(_event: OrderPlaced, attempt: number): number {
    return attempt;
  }

  // @ts-expect-error TS1241 a foreign type's payload is unknown until it is checked
  @handle("legacy.order")
  trusting(payload: { readonly id: string }): string {
    return payload.id;
  }

  // @ts-expect-error TS1240 a field is not a method
  @handle(OrderPlaced)
  field = 1;
}

// @ts-expect-error TS2769 something that is no event
export const notAnEvent = handle(Date);

@domain.eventHandler({
  stream: "order",
  // @ts-expect-error TS2769 a misspelt setting
  subscriptionConfig: { messagesPerTik: 50 },
})
export class MisspeltSetting {}

@domain.eventHandler({
  stream: "order",
  // @ts-expect-error TS2769 a setting of the wrong type
  subscriptionConfig: { messagesPerTick: "50" },
})
export class WrongSetting {}

// @ts-expect-error TS2769 a misspelt option
@domain.eventHandler({ stream: "order", subscriptionProfil: "production" })
export class MisspeltOption {}

// @ts-expect-error TS2769 neither an aggregate nor a stream
@domain.eventHandler({ subscriptionProfile: "production" })
export class Nowhere {}

// @ts-expect-error TS2769 an aggregate and a stream
@domain.eventHandler({ partOf: Order, stream: "order" })
export class Twice {}

// @ts-expect-error TS1238 a constructor with arguments, and nothing that calls it
@domain.eventHandler({ partOf: Order })
export class Uncreated {
  constructor(readonly_: string) {
    void readonly_;
  }
}

@domain.eventHandler({ partOf: Order, create: () => new Created("mailer") })
export class Created {
  readonly mailer: string;

  constructor(mailer: string) {
    this.mailer = mailer;
  }
}

// @ts-expect-error TS1238 create makes something else
@domain.eventHandler({ partOf: Order, create: () => new Date() })
export class MadeWrong {
  readonly mailer = "mailer";
}

@domain.subscriber({
  stream: "legacy",
  decode: ({ fields }) => ({ type: fields["kind"] ?? "unknown", data: JSON.parse(fields["body"] ?? "null") }),
})
export class Legacy {
  @handle("legacy.order")
  order(payload: unknown): unknown {
    return payload;
  }
}

// @ts-expect-error TS2769 a subscriber reads a stream, not an aggregate
@domain.subscriber({ partOf: Order })
export class WrongSubscriber {}
