/** The audit: orders on one side, books and dead letters on the other. It knows the orders, and nothing of how they were handled. */
import type { MadeOrder } from "../../scripts/make-orders.ts";
import type { Books } from "../books.ts";

export interface Finding {
  readonly isOk: boolean;
  readonly text: string;
}

export interface Audit {
  readonly orders: readonly MadeOrder[];
  /** The books of every release that ran. */
  readonly books: readonly Books[];
  /** Keys of the dead letters that are left. */
  readonly deadLetters: readonly (string | undefined)[];
}

const NO_DECIMALS = new Set(["JPY"]);

export function audit({ orders, books, deadLetters }: Audit): readonly Finding[] {
  const valid = orders.filter(isValid);
  const refused = valid.filter((order) => order.card.startsWith("declined"));
  const taken = valid.filter((order) => !order.card.startsWith("declined"));
  const payments = books.flatMap((book) => book.payments.lines.map(([, line]) => line));
  const stock = books.flatMap((book) => book.stock.lines.map(([, line]) => line));
  const mails = books.flatMap((book) => book.mails.lines.map(([, line]) => line));
  const repeats = books.reduce(
    (sum, { payments: p, stock: s, mails: m }) => sum + p.repeats + s.repeats + m.repeats,
    0,
  );

  return [
    sameIds("payments: every valid order once", valid, payments),
    sameSums("taken", sumByCurrency(taken), sumLines(payments.filter(({ status }) => status === "taken"))),
    sameSums("refused", sumByCurrency(refused), sumLines(payments.filter(({ status }) => status === "refused"))),
    sameIds("stock: every payment once", valid, stock),
    sameItems(
      "stock: items reserved",
      taken,
      stock.filter(({ movement }) => movement === "reserved"),
    ),
    sameItems(
      "stock: items released",
      refused,
      stock.filter(({ movement }) => movement === "released"),
    ),
    sameIds("mails: every customer once", valid, mails),
    sameIds(
      "dead letters: the invalid orders, and nothing else",
      orders.filter((order) => !isValid(order)),
      deadLetters.map((orderId) => ({ orderId: orderId ?? "without a key" })),
    ),
    { isOk: repeats === 0, text: `messages that were handled twice: ${repeats}` },
  ];
}

function isValid({ sku, quantity }: MadeOrder): boolean {
  return sku !== undefined && quantity > 0;
}

interface WithOrder {
  readonly orderId: string;
}

function sameIds(what: string, expected: readonly WithOrder[], actual: readonly WithOrder[]): Finding {
  const seen = new Set(actual.map(({ orderId }) => orderId));
  const wanted = new Set(expected.map(({ orderId }) => orderId));
  const missing = [...wanted].filter((id) => !seen.has(id));
  const extra = [...seen].filter((id) => !wanted.has(id));
  const twice = actual.length - seen.size;
  const faults = [
    ...(missing.length > 0 ? [`${missing.length} missing (${missing[0]})`] : []),
    ...(extra.length > 0 ? [`${extra.length} too many (${extra[0]})`] : []),
    ...(twice > 0 ? [`${twice} twice`] : []),
  ];
  const result = faults.length === 0 ? count(actual.length) : `${faults.join(", ")} of ${count(wanted.size)}`;
  return { isOk: faults.length === 0, text: `${what}: ${result}` };
}

type Sums = ReadonlyMap<string, number>;

function sameSums(what: string, expected: Sums, actual: Sums): Finding {
  const currencies = [...new Set([...expected.keys(), ...actual.keys()])].sort();
  const wrong = currencies.filter((currency) => expected.get(currency) !== actual.get(currency));
  const shown = wrong.length > 0 ? wrong : currencies;
  const sums = shown.map((currency) => {
    const [want, have] = [amountText(currency, expected), amountText(currency, actual)];
    return want === have ? `${currency} ${have}` : `${currency} ${have} instead of ${want}`;
  });
  return { isOk: wrong.length === 0, text: `${what}: ${sums.join(", ")}` };
}

function amountText(currency: string, sums: Sums): string {
  const minor = sums.get(currency) ?? 0;
  const digits = NO_DECIMALS.has(currency) ? 0 : 2;
  return (minor / 10 ** digits).toLocaleString("en-US", { minimumFractionDigits: digits });
}

function sumByCurrency(orders: readonly MadeOrder[]): Sums {
  return sumLines(
    orders.map((order) => {
      const currency = order.currency.toUpperCase();
      return { currency, amountMinor: Math.round(order.total * (NO_DECIMALS.has(currency) ? 1 : 100)) };
    }),
  );
}

function sumLines(lines: readonly { readonly currency: string; readonly amountMinor: number }[]): Sums {
  const sums = new Map<string, number>();
  for (const { currency, amountMinor } of lines) sums.set(currency, (sums.get(currency) ?? 0) + amountMinor);
  return sums;
}

interface WithQuantity {
  readonly quantity: number;
}

function sameItems(what: string, expected: readonly WithQuantity[], actual: readonly WithQuantity[]): Finding {
  const [want, have] = [sumItems(expected), sumItems(actual)];
  return { isOk: want === have, text: `${what}: ${count(have)}${want === have ? "" : ` instead of ${count(want)}`}` };
}

function sumItems(lines: readonly WithQuantity[]): number {
  return lines.reduce((sum, { quantity }) => sum + quantity, 0);
}

function count(number: number): string {
  return number.toLocaleString("en-US");
}
