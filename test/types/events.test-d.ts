// An event's fields are those of its schema, whichever library the schema comes from.
import * as v from "valibot";
import { Event } from "../../src/domain/elements.ts";
import { assertType, domain, OrderPlaced, OrderShipped, type Same } from "./fixtures.ts";

const placed = new OrderPlaced({ orderId: "1", total: 5, quantity: "2" });
assertType<Same<typeof placed.orderId, string>>();
assertType<Same<typeof placed.total, number>>();
// The constructor takes the schema's input; the event has its output.
assertType<Same<typeof placed.quantity, number>>();
assertType<Same<typeof OrderPlaced.eventType, "OrderPlaced">>();

const shipped = new OrderShipped({ orderId: "1" });
assertType<Same<typeof shipped.orderId, string>>();
assertType<Same<typeof shipped.carrier, string | undefined>>();

// @ts-expect-error TS2339 a field the zod schema does not have
export const missing = placed.customer;

// @ts-expect-error TS2339 a field the valibot schema does not have
export const alsoMissing = shipped.total;

// @ts-expect-error TS2322 a field of the wrong type, zod
new OrderPlaced({ orderId: "1", total: "5", quantity: "2" });

// @ts-expect-error TS2322 a field of the wrong type, valibot
new OrderShipped({ orderId: 1 });

// @ts-expect-error TS2741 a required field left out
new OrderPlaced({ orderId: "1", quantity: "2" });

// @ts-expect-error TS2353 a field that does not exist
new OrderShipped({ orderId: "1", total: 5 });

// @ts-expect-error TS2345 a schema whose output is not an object
Event("Scalar", v.string());

// publish takes events, and their ids back.
export const published: Promise<{ readonly entryId: string }> = domain.publish(placed);
export const several = domain.publishAll([placed, shipped], { correlationId: "c1" });

// @ts-expect-error TS2353 a plain object with an event's fields
export const plain = domain.publish({ orderId: "1", total: 5, quantity: 2 });

// @ts-expect-error TS2741 the event's class instead of an event
export const ofClass = domain.publish(OrderPlaced);

// @ts-expect-error TS2741 a list, which publishAll takes
export const list = domain.publish([placed]);

// @ts-expect-error TS2561 a misspelt option
export const misspelt = domain.publish(placed, { corelationId: "c1" });

// @ts-expect-error TS2353 an id for several events
export const sharedId = domain.publishAll([placed], { id: "1" });
