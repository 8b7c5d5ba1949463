// defineHandler is the decorators without decorators: its functions are checked as the methods are.
import { defineHandler, on } from "../../src/domain/define-handler.ts";
import type { HandlerContext } from "../../src/domain/handler-context.ts";
import { assertType, domain, Order, OrderPlaced, OrderShipped, type Same } from "./fixtures.ts";

export const audit = defineHandler(
  { name: "Audit", partOf: Order, subscriptionConfig: { concurrency: 4 } },
  on(OrderPlaced, async (event, context) => {
    assertType<Same<typeof event.orderId, string>>();
    assertType<Same<typeof event.quantity, number>>();
    assertType<Same<typeof context, HandlerContext>>();
    await Promise.resolve();
  }),
  on(OrderShipped, (event) => {
    assertType<Same<typeof event.carrier, string | undefined>>();
  }),
);
domain.register(audit);

// @ts-expect-error TS2345 a function for another event
export const misfit = on(OrderPlaced, (event: OrderShipped) => event.orderId);

// @ts-expect-error TS2339 a field the event does not have
export const unknownField = on(OrderShipped, (event) => event.total);

// @ts-expect-error TS2561 a misspelt setting
export const misspelt = defineHandler({ name: "A", stream: "order", subscriptionConfig: { concurency: 4 } });

// @ts-expect-error TS2345 a handler without a name has no consumer group
export const nameless = defineHandler({ stream: "order" });

// @ts-expect-error TS2345 a bare function, bound to no event
export const unbound = defineHandler({ name: "B", stream: "order" }, () => undefined);

// @ts-expect-error TS2739 a class, which @domain.eventHandler takes
domain.register(OrderPlaced);
