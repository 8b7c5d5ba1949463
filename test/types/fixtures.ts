// The declarations the type tests share.
import * as v from "valibot";
import { z } from "zod";
import { Domain } from "../../src/domain/domain.ts";
import { Event } from "../../src/domain/elements.ts";

/** An event whose schema is zod's; `quantity` differs between input (text) and output (a number). */
export class OrderPlaced extends Event(
  "OrderPlaced",
  z.object({ orderId: z.string(), total: z.number(), quantity: z.string().transform(Number) }),
) {}

/** An event whose schema is valibot's. */
export class OrderShipped extends Event(
  "OrderShipped",
  v.object({ orderId: v.string(), carrier: v.optional(v.string()) }),
) {}

/** Of the same shape as {@link OrderPlaced}, and not the same event. */
export class OrderRepeated extends Event(
  "OrderRepeated",
  z.object({ orderId: z.string(), total: z.number(), quantity: z.string().transform(Number) }),
) {}

export const domain: Domain = new Domain("shop");
export const Order = domain.aggregate("Order", { events: [OrderPlaced, OrderShipped], key: "orderId" });

/** Compiles only where `Actual` and `Expected` are the same type. */
export type Same<Actual, Expected> =
  (<T>() => T extends Actual ? 1 : 2) extends <T>() => T extends Expected ? 1 : 2 ? true : false;
export function assertType<_Check extends true>(): void {
  // The check is the compiler's.
}
