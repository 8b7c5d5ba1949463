import { handle, type HandlerContext } from "domain-engine";
import { books, type Books } from "../books.ts";
import { domain } from "../domain.ts";
import { OrderPlaced } from "../order/events.ts";
import { Order } from "../order/order.ts";
import { PaymentRefused, PaymentTaken } from "./events.ts";
import { PaymentGateway } from "./gateway.ts";
import { toMoney } from "./money.ts";

@domain.eventHandler({
  partOf: Order,
  // A bug does not get better by retrying. A gateway that cannot be reached does: that is the default.
  deadLetterOn: [TypeError],
  create: () => new Payments(new PaymentGateway(), books.payments),
})
export class Payments {
  readonly #gateway: PaymentGateway;
  readonly #ledger: Books["payments"];

  constructor(gateway: PaymentGateway, ledger: Books["payments"]) {
    this.#gateway = gateway;
    this.#ledger = ledger;
  }

  @handle(OrderPlaced)
  async charge(order: OrderPlaced, context: HandlerContext): Promise<void> {
    const { orderId, sku, quantity, card, email } = order;
    const money = toMoney(order.total, order.currency);
    const result = await this.#gateway.charge({ idempotencyKey: orderId, card, money }, context.signal);
    this.#ledger.book(context.message.id, { orderId, status: result.kind, ...money });

    const payment = { orderId, sku, quantity, email, ...money };
    if (result.kind === "taken") context.publish(new PaymentTaken(payment));
    else context.publish(new PaymentRefused({ ...payment, reason: result.reason }));
  }
}
