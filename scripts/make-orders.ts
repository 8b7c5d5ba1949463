/**
 * Orders for the sample shop, as JSON Lines. The same count and seed give the same orders.
 *
 *   node scripts/make-orders.ts [--count N] [--seed N] [--out FILE]      default: 30000 orders to stdout
 *
 * About one in a hundred names its currency in lower case, which is allowed; one in fifty has a card that is declined;
 * one in five hundred does not fit the schema.
 */
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

export interface MadeOrder {
  readonly orderId: string;
  readonly sku?: string;
  readonly quantity: number;
  readonly total: number;
  readonly currency: string;
  readonly card: string;
  readonly email?: string;
}

const DEFAULT_SEED = 20_260;
const ARTICLES = 60;
/** One order of each kind of fault in so many. */
const INVALID_EVERY = 1000;

/** `count` orders, in order; from 614 on, with at least one of each kind of fault. */
export function makeOrders(count: number, seed: number = DEFAULT_SEED): readonly MadeOrder[] {
  const random = mulberry32(seed);
  return Array.from({ length: count }, (_, index) => makeOrder(index, random));
}

function makeOrder(index: number, random: () => number): MadeOrder {
  const quantity = 1 + Math.floor(random() * 4);
  const currency = pick(
    [
      ["EUR", 0.6],
      ["USD", 0.25],
      ["GBP", 0.1],
      ["JPY", 0.05],
    ],
    random(),
  );
  const priceMinor = 100 + Math.floor(random() * 9900);
  const order = {
    orderId: `order-${String(index + 1).padStart(6, "0")}`,
    sku: `article-${String(1 + Math.floor(random() * ARTICLES)).padStart(2, "0")}`,
    quantity,
    total: currency === "JPY" ? priceMinor * quantity : (priceMinor * quantity) / 100,
    currency: random() < 0.01 ? currency.toLowerCase() : currency,
    card: random() < 0.02 ? "declined-4000" : `card-${1000 + Math.floor(random() * 9000)}`,
    ...(random() < 0.9 ? { email: `customer-${1 + Math.floor(random() * 5000)}@example.com` } : {}),
  };
  if (index % INVALID_EVERY === 613) return { ...order, quantity: 0 };
  if (index % INVALID_EVERY === 271) return withoutArticle(order);
  return order;
}

function withoutArticle({ sku: _sku, ...rest }: MadeOrder): MadeOrder {
  return rest;
}

function pick(choices: readonly (readonly [string, number])[], lot: number): string {
  let rest = lot;
  for (const [choice, share] of choices) {
    if (rest < share) return choice;
    rest -= share;
  }
  return choices[0]?.[0] ?? "";
}

/** A small seeded generator of numbers in [0, 1). */
function mulberry32(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** One order a line. */
export function toJsonLines(orders: readonly MadeOrder[]): string {
  return orders.map((order) => `${JSON.stringify(order)}\n`).join("");
}

function main(): void {
  const { values } = parseArgs({
    options: {
      count: { type: "string", default: "30000" },
      seed: { type: "string", default: String(DEFAULT_SEED) },
      out: { type: "string" },
    },
  });
  const [count, seed] = [Number(values.count), Number(values.seed)];
  if (!Number.isSafeInteger(count) || count < 1 || !Number.isSafeInteger(seed)) {
    process.stderr.write("make-orders: --count and --seed are whole numbers, --count from 1\n");
    process.exitCode = 2;
    return;
  }
  const lines = toJsonLines(makeOrders(count, seed));
  if (values.out === undefined) process.stdout.write(lines);
  else writeFileSync(values.out, lines);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main();
