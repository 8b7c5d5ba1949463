import { handle, type HandlerContext } from "domain-engine";
import { books, type Books } from "../books.ts";
import { domain } from "../domain.ts";
import { PaymentRefused, PaymentTaken } from "../payments/events.ts";
import { Payment } from "../payments/payment.ts";
import { StockReleased, StockReserved } from "./events.ts";

@domain.eventHandler({ partOf: Payment, create: () => new Stock(books.stock) })
export class Stock {
  readonly #ledger: Books["stock"];

  constructor(ledger: Books["stock"]) {
    this.#ledger = ledger;
  }

  @handle(PaymentTaken)
  reserve({ orderId, sku, quantity, email }: PaymentTaken, context: HandlerContext): void {
    this.#ledger.book(context.message.id, { orderId, sku, movement: "reserved", quantity });
    context.publish(new StockReserved({ orderId, sku, quantity, email }));
  }

  @handle(PaymentRefused)
  release({ orderId, sku, quantity, email, reason }: PaymentRefused, context: HandlerContext): void {
    this.#ledger.book(context.message.id, { orderId, sku, movement: "released", quantity });
    context.publish(new StockReleased({ orderId, sku, quantity, email, reason }));
  }
}
