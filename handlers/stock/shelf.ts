import { domain, streamPrefix } from "../domain.ts";
import { StockReleased, StockReserved } from "./events.ts";

export const Shelf = domain.aggregate("Shelf", {
  category: `${streamPrefix}stock`,
  events: [StockReserved, StockReleased],
  key: "orderId",
});
