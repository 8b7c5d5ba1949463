import { Event } from "domain-engine";
import { z } from "zod";

/** A customer has ordered one article. The web shop, another program, puts these on the stream. */
export class OrderPlaced extends Event(
  "OrderPlaced",
  z.object({
    orderId: z.string().min(1),
    sku: z.string().min(1),
    quantity: z.int().positive(),
    /** In major units: 12.5 is 12 euros 50. */
    total: z.number().positive(),
    /** Three letters of ISO 4217. */
    currency: z.string().length(3),
    card: z.string(),
    email: z.string().optional(),
  }),
) {}
