/**
 * One consumer's view of one lane: the stream itself, or the subscription's replay stream. Every method is one atomic
 * step. On the replay lane a settled entry is deleted as well: nobody else reads that stream.
 */
import { replayStream } from "../../message/names.ts";
import type {
  Claimed,
  ConsumerAddress,
  Delivery,
  DeliveryHistory,
  FailureRecord,
  Lane,
  MissingEntry,
} from "../../ports/broker.ts";
import type { StoredEntry } from "./entry-log.ts";
import {
  failed,
  FIRST_DELIVERY,
  historyOf,
  historyOfClaimed,
  inHand,
  RELEASED_AT_MS,
  settle,
  type Group,
  type PendingEntry,
} from "./group.ts";
import { parseOrigin, splitMark } from "./marks.ts";
import type { Streams } from "./streams.ts";

export type Holder = "mine" | "another" | "nobody";

export class LaneView {
  readonly lane: Lane;
  readonly stream: string;
  readonly #streams: Streams;
  readonly #address: ConsumerAddress;

  constructor(streams: Streams, address: ConsumerAddress, lane: Lane) {
    this.lane = lane;
    this.stream = lane === "main" ? address.stream : replayStream(address.stream, address.group);
    this.#streams = streams;
    this.#address = address;
  }

  ensureGroup(startFrom: string): boolean {
    return this.#streams.ensureGroup(this.stream, this.#address.group, startFrom);
  }

  /** Throws a `BrokerError` with `isGroupGone` when the group does not exist. */
  assertGroup(): void {
    this.#streams.group(this.stream, this.#address.group);
  }

  /** Delivers up to `count` entries for the first time. */
  take(count: number): Delivery[] {
    const { stream, group } = this.#touch();
    const { consumer } = this.#address;
    const leasedAtMs = this.#nowMs();
    return stream.log.after(group.lastDelivered, count).map((entry) => {
      group.lastDelivered = entry;
      group.pending.set(entry.id, { entry, consumer, leasedAtMs, deliveryCount: 1 });
      return this.#deliver(entry, FIRST_DELIVERY);
    });
  }

  claim(count: number, minIdleMs: number): Claimed {
    const { group } = this.#touch();
    const nowMs = this.#nowMs();
    return this.#gather(group, count, (pending) => {
      if (pending.consumer === this.#address.consumer || nowMs - pending.leasedAtMs < minIdleMs) return null;
      const isReleased = pending.deliveryCount === 0;
      const record = group.histories.get(pending.entry.id);
      // The mark was the holder's that handed it over: it must not be charged to the next one.
      if (isReleased && record?.isInHand) group.histories.set(pending.entry.id, { ...record, isInHand: false });
      return historyOfClaimed(record, isReleased, nowMs);
    });
  }

  /** Renews the lease on what it finds, for the caller holds it from now on; what it had released counts as delivered again. */
  recover(isHeld: (entryId: string) => boolean): Claimed {
    const { group } = this.#touch();
    return this.#gather(group, Infinity, (pending) => {
      const { consumer, entry } = pending;
      if (consumer !== this.#address.consumer || isHeld(entry.id)) return null;
      const record = group.histories.get(entry.id);
      if (pending.deliveryCount === 0) {
        pending.deliveryCount = 1;
        if (record?.isInHand) group.histories.set(entry.id, { ...record, isInHand: false });
      }
      return historyOf(record, this.#nowMs());
    });
  }

  holder(entryId: string): Holder {
    const pending = this.#group()?.pending.get(entryId);
    if (pending === undefined) return "nobody";
    return pending.consumer === this.#address.consumer ? "mine" : "another";
  }

  /** False when this consumer does not hold it. */
  extend(entryId: string): boolean {
    return this.#update(entryId, (pending) => {
      pending.leasedAtMs = this.#nowMs();
    });
  }

  release(entryId: string): boolean {
    return this.#update(entryId, (pending) => {
      pending.leasedAtMs = RELEASED_AT_MS;
      pending.deliveryCount = 0;
    });
  }

  recordFailure(entryId: string, record: FailureRecord): boolean {
    return this.#update(entryId, (_pending, group) => {
      group.histories.set(entryId, failed(record, this.#nowMs()));
    });
  }

  markInHand(entryId: string, crashes: number): boolean {
    return this.#update(entryId, (_pending, group) => {
      group.histories.set(entryId, inHand(group.histories.get(entryId), crashes));
    });
  }

  /** Settles an entry, whoever holds it. */
  settle(entryId: string): void {
    const group = this.#group();
    if (group === undefined) return;
    const entry = group.pending.get(entryId)?.entry;
    settle(group, entryId);
    if (this.lane === "replay" && entry !== undefined) this.#streams.get(this.stream)?.log.delete(entry);
  }

  /** The original's fields as they are stored; null when the entry was deleted or is not pending. */
  storedFields(entryId: string): readonly string[] | null {
    const entry = this.#group()?.pending.get(entryId)?.entry;
    return entry === undefined || entry.isDeleted ? null : this.#original(entry).original;
  }

  /** Removes this consumer's name, unless it holds something. */
  leave(): void {
    const group = this.#group();
    if (group === undefined) return;
    for (const { consumer } of group.pending.values()) if (consumer === this.#address.consumer) return;
    group.consumers.delete(this.#address.consumer);
  }

  /** Makes every pending entry this consumer's for which `choose` gives a history. Missing ones stay as they are. */
  #gather(group: Group, count: number, choose: (pending: PendingEntry) => DeliveryHistory | null): Claimed {
    const deliveries: Delivery[] = [];
    const missing: MissingEntry[] = [];
    for (const pending of group.pending.values()) {
      if (deliveries.length + missing.length >= count) break;
      const history = choose(pending);
      if (history === null) continue;
      if (pending.entry.isDeleted) {
        missing.push({ lane: this.lane, entryId: pending.entry.id });
        continue;
      }
      if (pending.consumer !== this.#address.consumer) pending.deliveryCount += 1;
      pending.consumer = this.#address.consumer;
      pending.leasedAtMs = this.#nowMs();
      deliveries.push(this.#deliver(pending.entry, history));
    }
    return { deliveries, missing };
  }

  #deliver(entry: StoredEntry, history: DeliveryHistory): Delivery {
    if (this.lane === "main") return { lane: "main", entryId: entry.id, fields: entry.fields, history };
    const { original, mark } = this.#original(entry);
    return { lane: "replay", entryId: entry.id, fields: original, history, replay: parseOrigin(mark) };
  }

  #original(entry: StoredEntry): { readonly original: readonly string[]; readonly mark: string | null } {
    return this.lane === "main" ? { original: entry.fields, mark: null } : splitMark(entry.fields, "replay");
  }

  #update(entryId: string, change: (pending: PendingEntry, group: Group) => void): boolean {
    const group = this.#group();
    const pending = group?.pending.get(entryId);
    if (group === undefined || pending?.consumer !== this.#address.consumer) return false;
    group.consumers.set(this.#address.consumer, this.#nowMs());
    change(pending, group);
    return true;
  }

  #group(): Group | undefined {
    return this.#streams.get(this.stream)?.groups.get(this.#address.group);
  }

  #touch(): ReturnType<Streams["group"]> {
    const found = this.#streams.group(this.stream, this.#address.group);
    found.group.consumers.set(this.#address.consumer, this.#nowMs());
    return found;
  }

  #nowMs(): number {
    return this.#streams.clock.monotonicMs();
  }
}
