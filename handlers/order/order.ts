import { domain, streamPrefix } from "../domain.ts";
import { OrderPlaced } from "./events.ts";

export const Order = domain.aggregate("Order", {
  category: `${streamPrefix}order`,
  events: [OrderPlaced],
  key: "orderId",
});
