/**
 * The demo: a shop with a bug, found, mended and made good. Orders run through the first release; what it dead-letters is
 * looked at; the second release gets exactly the letters that the bug made; in the end the books must add up.
 */
import { randomBytes } from "node:crypto";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Logger } from "pino";
import { makeOrders, toJsonLines, type MadeOrder } from "../../scripts/make-orders.ts";
import { audit } from "./check.ts";
import { groupDeadLetters, payloadOf, replay, type LetterGroup } from "./dead-letters.ts";
import type { DemoOptions } from "./options.ts";
import { openPlace, placeOrders, type Adapter, type Place } from "./place.ts";
import { applyFix, copyHandlers, FIX, loadRelease, type DiffLine, type Release } from "./release.ts";
import { runRelease, showSummary } from "./run-release.ts";
import type { Screen } from "./screen.ts";

export interface DemoInput extends DemoOptions {
  readonly screen: Screen;
  readonly log: Logger;
  /** The sample's handlers. */
  readonly handlersFolder: string;
  /** Where orders, releases and logs go. */
  readonly workFolder: string;
  /** For tests: interferes after the first run, to see the audit notice. */
  readonly sabotage?: (adapter: Adapter, groups: readonly LetterGroup[]) => Promise<void>;
  /** Ends the demo early; what it wrote to a Redis is removed all the same. */
  readonly signal: AbortSignal;
}

/** True when the books add up. */
export async function runDemo(input: DemoInput): Promise<boolean> {
  const runId = randomBytes(4).toString("hex");
  const streamPrefix = input.redisUrl === null ? "" : `demo-${runId}.`;
  process.env["SHOP_STREAM_PREFIX"] = streamPrefix;
  const releases = join(input.workFolder, `releases-${runId}`);
  const orders = makeOrders(input.orders);
  mkdirSync(input.workFolder, { recursive: true });
  writeFileSync(join(input.workFolder, "orders.jsonl"), toJsonLines(orders));
  const place = await openPlace({ redisUrl: input.redisUrl, streamPrefix, log: input.log });
  try {
    return await playOut({ ...input, place, orders, releases });
  } finally {
    await place.close();
    rmSync(releases, { recursive: true, force: true });
  }
}

interface Play extends Omit<DemoInput, "orders"> {
  readonly place: Place;
  readonly orders: readonly MadeOrder[];
  readonly releases: string;
}

async function playOut(play: Play): Promise<boolean> {
  const { screen, releases, orders } = play;
  screen.heading(`1  ${orders.length.toLocaleString("en-US")} orders come in, on ${play.place.description}`);
  copyHandlers(play.handlersFolder, join(releases, "1"));
  const first = await loadRelease(join(releases, "1"));
  await runFirst(play, first);

  const groups = await groupDeadLetters(play.place.adapter, first.domain.model.subscriptions);
  screen.heading("2  What failed: dead letters by kind of error");
  showGroups(screen, groups);
  screen.line("  The TypeError is a bug, and can be fixed. The others are orders that no replay can help.");

  const bug = groups.find(({ errorName }) => errorName === "TypeError");
  if (bug === undefined) throw new Error("the bug left no dead letters: was the sample mended already?");
  copyHandlers(play.handlersFolder, join(releases, "2"));
  screen.heading("3  The fix");
  showExample(screen, exampleOf(bug));
  showDiff(screen, applyFix(join(releases, "2"), FIX));
  await play.sabotage?.(play.place.adapter, groups);

  screen.heading("4  The second release, and a replay of exactly those dead letters");
  const second = await loadRelease(join(releases, "2"));
  await runSecond(play, second, bug);

  screen.heading("5  Do the books add up?");
  const rest = await groupDeadLetters(play.place.adapter, first.domain.model.subscriptions);
  const findings = audit({
    orders,
    books: [first.books, second.books],
    deadLetters: rest.flatMap(({ letters }) => letters.map(({ failure }) => failure?.key)),
  });
  for (const { isOk, text } of findings) {
    screen.line(`  ${isOk ? screen.style("green", "✓") : screen.style("red", "✗")} ${text}`);
  }
  return findings.every(({ isOk }) => isOk);
}

async function runFirst({ place, orders, screen, log, signal }: Play, release: Release): Promise<void> {
  const payments = release.domain.model.subscriptions.find(({ handlerName }) => handlerName === "Payments");
  const stream = payments?.stream ?? "order";
  const run = await runRelease({
    release,
    screen,
    log,
    signal,
    adapter: place.adapter,
    feedLabel: "orders",
    feedTotal: orders.length,
    feed: (onFed) => placeOrders(place.adapter, { stream, orders, signal }, onFed),
  });
  showSummary(screen, run);
  screen.line("  Retried: the payment gateway broke off, and took the charge at the second or third call.");
}

async function runSecond({ place, screen, log, signal }: Play, release: Release, bug: LetterGroup): Promise<void> {
  const run = await runRelease({
    release,
    screen,
    log,
    signal,
    adapter: place.adapter,
    feedLabel: "replayed",
    feedTotal: bug.letters.length,
    feed: (onFed) => replay(place.adapter, { letters: bug.letters, signal }, onFed),
  });
  showSummary(screen, run);
}

function exampleOf(group: LetterGroup): LetterGroup["letters"][number] {
  const [letter] = group.letters;
  if (letter === undefined) throw new Error("a group of dead letters has at least one");
  return letter;
}

function showGroups(screen: Screen, groups: readonly LetterGroup[]): void {
  for (const group of groups) {
    const count = group.letters.length.toLocaleString("en-US").padStart(5);
    const from = `${group.handler} · ${group.reason} · ${group.fingerprint} · e.g. ${exampleOf(group).failure?.key ?? "no key"}`;
    screen.line(
      `  ${screen.style("yellow", count)}  ${cut(`${group.errorName}: ${group.errorMessage}`, screen.width - 9)}`,
    );
    screen.line(`         ${screen.style("dim", from)}`);
  }
}

function showExample(screen: Screen, letter: LetterGroup["letters"][number]): void {
  const { orderId, total, currency } = payloadOf(letter) as MadeOrder;
  const frame = /\((?:.*[\\/])?(payments[\\/][\w.]+:\d+)/.exec(letter.failure?.error.stack ?? "")?.[1];
  screen.line(
    `  ${orderId}: total ${total}, currency ${JSON.stringify(currency)}; it failed in ${frame ?? "an unknown place"}`,
  );
}

function showDiff(screen: Screen, lines: readonly DiffLine[]): void {
  screen.line(`  ${screen.style("bold", `handlers/${FIX.file}`)}`);
  for (const { kind, number, text } of lines) {
    const sign = { same: " ", removed: "-", added: "+" }[kind];
    const shown = `  ${String(number).padStart(4)} ${sign} ${text}`;
    screen.line(kind === "same" ? shown : screen.style(kind === "added" ? "green" : "red", shown));
  }
}

function cut(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, width - 1)}…`;
}
