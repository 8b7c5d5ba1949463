import { handle, type HandlerContext } from "domain-engine";
import { books, type Books } from "../books.ts";
import { domain } from "../domain.ts";
import { StockReleased, StockReserved } from "../stock/events.ts";
import { Shelf } from "../stock/shelf.ts";

@domain.eventHandler({
  partOf: Shelf,
  subscriptionProfile: "production",
  subscriptionConfig: { maxRetries: 5, dlqAlertThreshold: 10 },
  create: () => new Notifications(books.mails),
})
export class Notifications {
  readonly #mails: Books["mails"];

  constructor(mails: Books["mails"]) {
    this.#mails = mails;
  }

  @handle(StockReserved)
  confirm({ orderId, email }: StockReserved, context: HandlerContext): void {
    this.#mails.book(context.message.id, { orderId, to: email ?? null, subject: `Order ${orderId} is on its way` });
  }

  @handle(StockReleased)
  regret({ orderId, email, reason }: StockReleased, context: HandlerContext): void {
    this.#mails.book(context.message.id, {
      orderId,
      to: email ?? null,
      subject: `Order ${orderId} was not paid: ${reason}`,
    });
  }
}
