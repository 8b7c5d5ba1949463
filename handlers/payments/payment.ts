import { domain, streamPrefix } from "../domain.ts";
import { PaymentRefused, PaymentTaken } from "./events.ts";

/** Keyed by article: what happens to one shelf happens in order. */
export const Payment = domain.aggregate("Payment", {
  category: `${streamPrefix}payment`,
  events: [PaymentTaken, PaymentRefused],
  key: "sku",
});
