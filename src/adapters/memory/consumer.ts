import { setImmediate as nextTurn } from "node:timers/promises";

import { BrokerError } from "../../errors.ts";
import { deadLetterStream } from "../../message/names.ts";
import type {
  Claimed,
  Consumer,
  ConsumerAddress,
  ConsumerState,
  DeadLetterResult,
  Delivery,
  FailureRecord,
  Lane,
  MissingEntry,
} from "../../ports/broker.ts";
import { LaneView } from "./lane.ts";
import { createReadWait, type ReadWait } from "./read-wait.ts";
import type { Streams } from "./streams.ts";

/** A member of a consumer group of the embedded broker. `isOpen` tells whether the broker is still connected. */
export class MemoryConsumer implements Consumer {
  readonly #streams: Streams;
  readonly #address: ConsumerAddress;
  readonly #isOpen: () => boolean;
  readonly #main: LaneView;
  readonly #replay: LaneView;
  readonly #wait: ReadWait;
  #hasEnsuredGroups = false;
  #isClosed = false;

  constructor(streams: Streams, address: ConsumerAddress, isOpen: () => boolean) {
    this.#streams = streams;
    this.#address = address;
    this.#isOpen = isOpen;
    this.#main = new LaneView(streams, address, "main");
    this.#replay = new LaneView(streams, address, "replay");
    this.#wait = createReadWait(streams, [this.#main.stream, this.#replay.stream]);
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  get state(): ConsumerState {
    return { readerRestarts: 0, isConnected: !this.#isClosed && this.#isOpen() };
  }

  async ensureGroups(): Promise<number> {
    this.#assertOpen();
    const startFrom = this.#hasEnsuredGroups ? "0" : this.#address.startFrom;
    const made = Number(this.#main.ensureGroup(startFrom)) + Number(this.#replay.ensureGroup("0"));
    this.#hasEnsuredGroups = true;
    return made;
  }

  async read(count: number, blockMs: number): Promise<readonly Delivery[]> {
    this.#assertOpen();
    const found = this.#take(count);
    // Without a turn of the event loop, a busy reader would keep timers and sockets waiting until all is read.
    if (found.length > 0 || blockMs <= 0) return nextTurn(found);
    return this.#wait.until(blockMs, () => {
      if (this.#isClosed || !this.#isOpen()) return [];
      const arrived = this.#take(count);
      return arrived.length > 0 ? arrived : null;
    });
  }

  async wake(): Promise<void> {
    this.#wait.end();
  }

  async claim(count: number, minIdleMs: number): Promise<Claimed> {
    this.#assertOpen();
    this.#assertGroups();
    const replayed = this.#replay.claim(count, minIdleMs);
    const rest = count - replayed.deliveries.length - replayed.missing.length;
    return join(replayed, this.#main.claim(rest, minIdleMs));
  }

  async recover(isHeld: (lane: Lane, entryId: string) => boolean): Promise<Claimed> {
    this.#assertOpen();
    return join(
      this.#replay.recover((entryId) => isHeld("replay", entryId)),
      this.#main.recover((entryId) => isHeld("main", entryId)),
    );
  }

  async extend(deliveries: readonly Delivery[]): Promise<readonly Delivery[]> {
    this.#assertOpen();
    return deliveries.filter(({ lane, entryId }) => !this.#lane(lane).extend(entryId));
  }

  async ack(deliveries: readonly Delivery[]): Promise<number> {
    this.#assertOpen();
    let fenced = 0;
    for (const { lane, entryId } of deliveries) {
      const view = this.#lane(lane);
      const holder = view.holder(entryId);
      if (holder === "mine") view.settle(entryId);
      if (holder === "another") fenced += 1;
    }
    return fenced;
  }

  async recordFailure({ lane, entryId }: Delivery, record: FailureRecord): Promise<boolean> {
    this.#assertOpen();
    return this.#lane(lane).recordFailure(entryId, record);
  }

  async markInHand({ lane, entryId, history }: Delivery): Promise<boolean> {
    this.#assertOpen();
    return this.#lane(lane).markInHand(entryId, history.crashes);
  }

  async deadLetter(delivery: Delivery, failure: string): Promise<DeadLetterResult> {
    this.#assertOpen();
    const view = this.#lane(delivery.lane);
    const holder = view.holder(delivery.entryId);
    if (holder !== "mine") return holder === "another" ? "fenced" : "gone";
    // Deleted from the stream while it was held: what was delivered is all that is left of it.
    const fields = view.storedFields(delivery.entryId) ?? delivery.fields;
    return this.#bury(view, delivery.entryId, [...fields, "failure", failure]);
  }

  async release(deliveries: readonly Delivery[]): Promise<void> {
    this.#assertOpen();
    for (const { lane, entryId } of deliveries) this.#lane(lane).release(entryId);
  }

  async buryMissing({ lane, entryId }: MissingEntry, failure: string): Promise<DeadLetterResult> {
    this.#assertOpen();
    const view = this.#lane(lane);
    const isMissing = view.holder(entryId) !== "nobody" && view.storedFields(entryId) === null;
    return isMissing ? this.#bury(view, entryId, ["failure", failure]) : "gone";
  }

  async rawFields({ lane, entryId }: Delivery): Promise<readonly Uint8Array[] | null> {
    this.#assertOpen();
    const fields = this.#lane(lane).storedFields(entryId);
    return fields?.map((text) => Buffer.from(text)) ?? null;
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#main.leave();
    this.#replay.leave();
    this.#wait.end();
  }

  #lane(lane: Lane): LaneView {
    return lane === "main" ? this.#main : this.#replay;
  }

  #take(count: number): Delivery[] {
    this.#assertGroups();
    return [...this.#replay.take(count), ...this.#main.take(count)];
  }

  /** Both are looked up before either lane is touched: what fails has taken nothing. */
  #assertGroups(): void {
    this.#replay.assertGroup();
    this.#main.assertGroup();
  }

  #bury(view: LaneView, entryId: string, fields: readonly string[]): DeadLetterResult {
    this.#streams.append(deadLetterStream(this.#address.stream, this.#address.group), fields);
    view.settle(entryId);
    return "moved";
  }

  #assertOpen(): void {
    if (!this.#isClosed && this.#isOpen()) return;
    throw new BrokerError(`the consumer "${this.#address.consumer}" is closed`, { isTransient: false });
  }
}

function join(a: Claimed, b: Claimed): Claimed {
  return { deliveries: [...a.deliveries, ...b.deliveries], missing: [...a.missing, ...b.missing] };
}
