import { Event } from "domain-engine";
import { z } from "zod";

const paid = z.object({
  orderId: z.string(),
  sku: z.string(),
  quantity: z.int().positive(),
  amountMinor: z.int().nonnegative(),
  currency: z.string(),
  email: z.string().optional(),
});

export class PaymentTaken extends Event("PaymentTaken", paid) {}

export class PaymentRefused extends Event("PaymentRefused", paid.extend({ reason: z.string() })) {}
