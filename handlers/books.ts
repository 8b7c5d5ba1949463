/** The shop's books. They stand for its database, and live as long as the process. */
import { Ledger } from "./ledger.ts";

export interface PaymentLine {
  readonly orderId: string;
  readonly status: "taken" | "refused";
  readonly amountMinor: number;
  readonly currency: string;
}

export interface StockLine {
  readonly orderId: string;
  readonly sku: string;
  readonly movement: "reserved" | "released";
  readonly quantity: number;
}

export interface MailLine {
  readonly orderId: string;
  /** Null: the customer left no address. */
  readonly to: string | null;
  readonly subject: string;
}

export interface Books {
  readonly payments: Ledger<PaymentLine>;
  readonly stock: Ledger<StockLine>;
  readonly mails: Ledger<MailLine>;
}

export const books: Books = { payments: new Ledger(), stock: new Ledger(), mails: new Ledger() };
