/** The words in which the conformance cases are written. */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";

import type { Failure } from "../../message/failure.ts";
import type { BrokerAdapter } from "../../ports/broker-adapter.ts";
import type { GroupAddress } from "../../ports/broker-admin.ts";
import type { Consumer, ConsumerAddress, Delivery, EntryFields } from "../../ports/broker.ts";
import { sleep } from "../../primitives/abort.ts";
import type { BrokerHarness } from "./harness.ts";

/** A lease short enough to wait for. */
export const LEASE_MS = 50;
/** A lease that no case outlives. */
export const LONG_MS = 600_000;
/** Real time and a server's clock are read at different moments. */
const CLOCK_SLACK_MS = 15;
const UNTIL_LIMIT_MS = 5000;

export class Scenario {
  readonly harness: BrokerHarness;
  readonly adapter: BrokerAdapter;
  /** A stream nobody else uses. */
  readonly stream: string = `conformance:${randomUUID()}`;
  readonly group: string = "shop.Audit";
  /** Of `group` on `stream`. */
  readonly address: GroupAddress = { stream: this.stream, group: this.group };
  readonly #opened: Consumer[] = [];

  constructor(harness: BrokerHarness, adapter: BrokerAdapter) {
    this.harness = harness;
    this.adapter = adapter;
  }

  /** Appends one entry `data = text` for each. Returns their ids. */
  append(...texts: string[]): Promise<readonly string[]> {
    return this.adapter.broker.append(texts.map((data) => ({ stream: this.stream, fields: ["data", data] })));
  }

  /** Appends one entry. Returns its id. */
  async appendFields(fields: EntryFields): Promise<string> {
    const [id] = await this.adapter.broker.append([{ stream: this.stream, fields }]);
    return id ?? assert.fail("append returned no id");
  }

  /** A consumer whose groups are not created yet. It is closed when the case ends. */
  consumer(name: string, overrides?: Partial<ConsumerAddress>): Consumer {
    const address = { ...this.address, consumer: name, startFrom: "0", ...overrides };
    const consumer = this.adapter.broker.createConsumer(address);
    this.#opened.push(consumer);
    return consumer;
  }

  /** A consumer whose groups exist. */
  async member(name: string, overrides?: Partial<ConsumerAddress>): Promise<Consumer> {
    const consumer = this.consumer(name, overrides);
    await consumer.ensureGroups();
    return consumer;
  }

  /** A member that reads up to ten entries and is never heard of again; with what it read. */
  async lostMember(name: string): Promise<readonly Delivery[]> {
    const lost = await this.member(name);
    return lost.read(10, 0);
  }

  /** Appends `data = text` for each, reads and dead-letters them. Returns the dead letters' ids, oldest first. */
  async bury(member: Consumer, ...texts: string[]): Promise<readonly string[]> {
    await this.append(...texts);
    for (const delivery of await member.read(texts.length, 0)) {
      assert.equal(await member.deadLetter(delivery, failureOf(this, delivery)), "moved");
    }
    const page = await this.adapter.deadLetters.list(this.address, null, 1000);
    return page.letters.slice(-texts.length).map(({ id }) => id);
  }

  /** Lets at least `ms` pass on the adapter's clock. */
  async pass(ms: number): Promise<void> {
    if (this.harness.advance) this.harness.advance(ms);
    else await sleep(ms + CLOCK_SLACK_MS);
  }

  /** Ids left in the stream, as a new group sees them. */
  async remaining(): Promise<readonly string[]> {
    const reader = await this.member("remaining", { group: `remaining-${randomUUID()}` });
    return entryIds(await reader.read(100_000, 0));
  }

  async close(): Promise<void> {
    await Promise.all(this.#opened.map((consumer) => consumer.close()));
  }
}

/** Asks until the answer is yes; fails after five seconds. */
export async function until(what: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
  const giveUpAt = performance.now() + UNTIL_LIMIT_MS;
  while (!(await isSo())) {
    if (performance.now() > giveUpAt) assert.fail(`waited in vain until ${what}`);
    await sleep(5);
  }
}

export function entryIds(deliveries: readonly Delivery[]): readonly string[] {
  return deliveries.map(({ entryId }) => entryId);
}

/** The value of each delivery's last field. */
export function payloads(deliveries: readonly Delivery[]): readonly (string | undefined)[] {
  return deliveries.map(({ fields }) => fields.at(-1));
}

/** The one delivery there must be. */
export function only(deliveries: readonly Delivery[]): Delivery {
  assert.equal(deliveries.length, 1, `expected one delivery, got ${deliveries.length}`);
  return deliveries[0] as Delivery;
}

/** A failure record as the engine writes it, carrying on the count of replays. */
export function failureOf(
  { stream, group }: Pick<Scenario, "stream" | "group">,
  { entryId, replay }: Pick<Delivery, "entryId" | "replay">,
): string {
  const failure: Failure = {
    reason: "retries_exhausted",
    error: { name: "Error", message: "no stock 🏷", stack: "Error: no stock\n    at ship (ship.ts:1:1)" },
    fingerprint: "0123456789ab",
    attempts: 4,
    firstFailedAt: "2026-01-02T03:04:05.678Z",
    deadLetteredAt: "2026-01-02T03:04:09.678Z",
    subscription: group,
    handler: "Audit",
    consumer: "conformance",
    stream: replay?.stream ?? stream,
    entryId: replay?.entryId ?? entryId,
    engineVersion: "0.0.0",
    ...(replay && { replayOf: replay.replayOf, replays: replay.replays }),
  };
  return JSON.stringify(failure);
}

/** Field lists that a careless adapter spoils. */
export const AWKWARD_FIELDS: Readonly<Record<string, EntryFields>> = {
  "names twice and empty values": ["a", "1", "a", "2", "b", "", "", "nameless", "a", "3"],
  "fields named failure and replay": ["failure", "{}", "replay", '{"replays":7}', "failure", "mine"],
  "control characters and emoji": ["k\u0000ey\r\n", "line\r\n$-1\r\n\u0000end", "emoji", "👩‍🚀é\u2028", "*", "$"],
  "a value that looks like a number": ["total", "9007199254740993", "rate", "1e3", "hex", "0x10"],
  "a megabyte": ["blob", "x".repeat(1_048_576)],
  "5,000 fields": Array.from({ length: 10_000 }, (_, index) => (index % 2 === 0 ? `field${index / 2}` : `${index}`)),
};
