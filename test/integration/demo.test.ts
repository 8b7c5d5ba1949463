/** The demo ends well where nothing is lost, and says so where something is. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import pino from "pino";
import { Ledger } from "../../handlers/ledger.ts";
import type { Books } from "../../handlers/books.ts";
import { audit } from "../../handlers/demo/check.ts";
import { runDemo, type DemoInput } from "../../handlers/demo/run-demo.ts";
import { createScreen } from "../../handlers/demo/screen.ts";
import { makeOrders, type MadeOrder } from "../../scripts/make-orders.ts";
import { startRedis } from "../support/redis-server.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const ORDERS = 2000;

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

function demo(...args: readonly string[]): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      ["--import", "tsx", "handlers/demo.ts", ...args],
      { cwd: ROOT },
      (error, stdout, stderr) =>
        resolve({ code: typeof error?.code === "number" ? error.code : error ? -1 : 0, stdout, stderr }),
    );
  });
}

/** What must come out for these orders, told without the shop. */
function expectedOf(orders: readonly MadeOrder[]): { invalid: number; bugs: number; valid: number } {
  const invalid = orders.filter(({ sku, quantity }) => sku === undefined || quantity === 0);
  const bugs = orders.filter((order) => !invalid.includes(order) && order.currency !== order.currency.toUpperCase());
  return { invalid: invalid.length, bugs: bugs.length, valid: orders.length - invalid.length };
}

/** The rows of the summaries: `[processed, retried, dead-lettered]` of a handler, run by run. */
function rowsOf(stdout: string, handler: string): number[][] {
  const rows = stdout.matchAll(new RegExp(`^ {2}${handler} +([\\d,]+) +([\\d,]+) +([\\d,]+)$`, "gm"));
  return [...rows].map((row) => row.slice(1).map((cell) => Number(cell.replaceAll(",", ""))));
}

function assertGoodEnd({ code, stdout, stderr }: Ended): void {
  assert.equal(code, 0, stdout + stderr);
  assert.doesNotMatch(stdout, /✗/);
  // eslint-disable-next-line no-control-regex -- that there are none is the point
  assert.doesNotMatch(stdout, /\u001b/, "no terminal, so no escape sequences");
  const { valid, invalid, bugs } = expectedOf(makeOrders(ORDERS));
  assert.ok(invalid >= 2 && bugs >= 5, "the orders have something to find");
  const [first, second] = rowsOf(stdout, "Payments");
  assert.equal(first?.[0], valid - bugs);
  assert.ok((first?.[1] ?? 0) > 10, "the gateway failed now and then");
  assert.equal(first?.[2], bugs + invalid);
  assert.deepEqual([second?.[0], second?.[2]], [bugs, 0]);
  assert.deepEqual(
    rowsOf(stdout, "Notifications").map(([processed]) => processed),
    [valid - bugs, bugs],
  );
  assert.match(stdout, /17 - .*CURRENCIES\[currency as CurrencyCode\]/);
  assert.match(stdout, /17 \+ .*CURRENCIES\[currency\.toUpperCase\(\) as CurrencyCode\]/);
  assert.match(stdout, new RegExp(`✓ payments: every valid order once: ${valid.toLocaleString("en-US")}\n`));
}

function captured(): { stream: PassThrough; output: () => Promise<string> } {
  const stream = new PassThrough();
  return { stream, output: () => (stream.end(), text(stream)) };
}

async function inProcess(sabotage: NonNullable<DemoInput["sabotage"]>): Promise<{ isGood: boolean; output: string }> {
  const { stream, output } = captured();
  mkdirSync(`${ROOT}/.cache`, { recursive: true });
  const workFolder = mkdtempSync(`${ROOT}/.cache/demo-test-`);
  try {
    const isGood = await runDemo({
      orders: ORDERS,
      redisUrl: null,
      screen: createScreen(stream),
      log: pino({ level: "silent" }),
      handlersFolder: `${ROOT}/handlers`,
      workFolder,
      sabotage,
      signal: new AbortController().signal,
    });
    return { isGood, output: await output() };
  } finally {
    rmSync(workFolder, { recursive: true, force: true });
  }
}

describe("the demo", () => {
  test("finds the bug, replays its dead letters and accounts for every order, on the embedded broker", async () => {
    assertGoodEnd(await demo("--orders", `${ORDERS}`));
  });

  test("does the same on Redis, and leaves nothing there but what was there before", async () => {
    const redis = await startRedis();
    try {
      await redis.cli("SET", "somebody:else", "1");
      await redis.cli("XADD", "order", "*", "type", "OrderPlaced");
      const entries = await redis.cli("XLEN", "order");
      assertGoodEnd(await demo("--orders", `${ORDERS}`, "--redis", redis.url));
      assert.equal(await redis.cli("XLEN", "order"), entries);
      assert.equal(await redis.cli("--scan", "--pattern", "*demo-*"), "");
      assert.equal(await redis.cli("GET", "somebody:else"), "1");
    } finally {
      await redis.stop();
    }
  });

  test("refuses options it does not understand, with exit code 2", async () => {
    for (const args of [
      ["--orders", "many"],
      ["--order", "2000"],
      ["--orders", "5"],
    ]) {
      const { code, stderr } = await demo(...args);
      assert.equal(code, 2, args.join(" "));
      assert.match(stderr, /order/);
    }
  });

  test("ends with exit code 1, and says why, where the Redis does not answer", async () => {
    const { code, stdout } = await demo("--redis", "redis://127.0.0.1:1");
    assert.equal(code, 1);
    assert.match(stdout, /ended early: .*\S/);
  });

  test("notices a dead letter that was lost before its replay", async () => {
    const { isGood, output } = await inProcess(async ({ deadLetters }, groups) => {
      const letter = groups.find(({ errorName }) => errorName === "TypeError")?.letters[0];
      assert.ok(letter);
      assert.equal(await deadLetters.purge({ stream: letter.stream, group: letter.subscription }, [letter.id]), 1);
    });
    assert.equal(isGood, false);
    assert.match(output, /✗ payments: every valid order once: 1 missing \(order-\d+\)/);
    assert.match(output, /✗ mails: every customer once: 1 missing/);
  });
});

describe("the demo's audit", () => {
  const order: MadeOrder = { orderId: "o1", sku: "a", quantity: 2, total: 12.5, currency: "eur", card: "card-1" };

  function booksOf(...messageIds: readonly string[]): Books {
    const books: Books = { payments: new Ledger(), stock: new Ledger(), mails: new Ledger() };
    for (const id of messageIds) {
      books.payments.book(id, { orderId: "o1", status: "taken", amountMinor: 1250, currency: "EUR" });
      books.stock.book(id, { orderId: "o1", sku: "a", movement: "reserved", quantity: 2 });
      books.mails.book(id, { orderId: "o1", to: null, subject: "" });
    }
    return books;
  }

  function faultsOf(books: readonly Books[], deadLetters: readonly string[] = []): string[] {
    const findings = audit({ orders: [order], books, deadLetters });
    return findings.filter(({ isOk }) => !isOk).map(({ text: finding }) => finding);
  }

  test("has nothing to say about books that add up", () => {
    assert.deepEqual(faultsOf([booksOf("m1"), booksOf()]), []);
  });

  test("notices a message that was handled twice, in one release or in two", () => {
    assert.deepEqual(faultsOf([booksOf("m1", "m1")]), ["messages that were handled twice: 3"]);
    assert.equal(faultsOf([booksOf("m1"), booksOf("m1")]).length, 5);
  });

  test("notices sums that differ by a cent", () => {
    const books = booksOf();
    books.payments.book("m1", { orderId: "o1", status: "taken", amountMinor: 1249, currency: "EUR" });
    const faults = faultsOf([books]);
    assert.ok(faults.includes("taken: EUR 12.49 instead of 12.50"), faults.join("\n"));
  });

  test("notices a dead letter of an order that should have been handled", () => {
    assert.deepEqual(faultsOf([booksOf("m1")], ["o1"]), [
      "dead letters: the invalid orders, and nothing else: 1 too many (o1) of 0",
    ]);
  });
});
