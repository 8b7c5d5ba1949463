import { Event } from "domain-engine";
import { z } from "zod";

const moved = z.object({
  orderId: z.string(),
  sku: z.string(),
  quantity: z.int().positive(),
  email: z.string().optional(),
});

/** Paid: the items are the customer's. */
export class StockReserved extends Event("StockReserved", moved) {}

/** Not paid: the items go back to the shelf. */
export class StockReleased extends Event("StockReleased", moved.extend({ reason: z.string() })) {}
