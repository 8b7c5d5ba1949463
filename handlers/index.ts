/** The order shop: `engine server --domain=handlers`. */
export { domain } from "./domain.ts";
export { books } from "./books.ts";
// In the order in which an order passes through them.
export { Payments } from "./payments/payments.ts";
export { Stock } from "./stock/stock.ts";
export { Notifications } from "./notifications/notifications.ts";
