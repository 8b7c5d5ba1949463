/** One member of a consumer group on Redis: the `Consumer` port over a reader and the scripts. */
import type { Logger } from "pino";
import { historyKey, deadLetterStream, replayStream } from "../../message/names.ts";
import type { Consumer, ConsumerAddress, DeadLetterResult, Delivery, Lane } from "../../ports/broker.ts";
import type { Connections } from "./connection.ts";
import { messageOf, translated } from "./driver-errors.ts";
import { withTimeout } from "../../primitives/abort.ts";
import { compareEntryIds } from "../../message/entry-id.ts";
import { looksPacked, toDelivery, unpackFields, type StreamReply } from "./entries.ts";
import { createReader } from "./reader.ts";
import { runScript, type ScriptArgument, type ScriptName } from "./scripts.ts";
import { createTakeover, type LaneKeys } from "./takeover.ts";

/** Most ids in one script call: keeps each well under a millisecond or two of server time. */
const IDS_PER_CALL = 500;
const LEAVE_TIMEOUT_MS = 500;
/** Histories outlive the longest backoff by far; the limit only bounds what a deleted stream leaves behind. */
const KEEP_HISTORY_MS = 30 * 24 * 3_600_000;

export interface ConsumerOptions {
  readonly connections: Connections;
  readonly address: ConsumerAddress;
  readonly log: Logger;
}

export function createRedisConsumer({ connections, address, log }: ConsumerOptions): Consumer {
  const { stream, group, consumer } = address;
  const lanes: Readonly<Record<Lane, LaneKeys>> = {
    main: { lane: "main", stream, history: historyKey(stream, group, "main") },
    replay: { lane: "replay", stream: replayStream(stream, group), history: historyKey(stream, group, "replay") },
  };
  const dlq = deadLetterStream(stream, group);
  const command = connections.command;
  const reader = createReader({
    connections,
    group,
    consumer,
    log,
    streams: [lanes.main.stream, lanes.replay.stream],
  });
  let hasGroups = false;

  const script = (name: ScriptName, ...args: ScriptArgument[]): Promise<unknown> =>
    translated(() => runScript(command, name, args));

  /** Runs a script over deliveries, lane by lane, in bounded calls; `first` and `last` bound the ids of each call. */
  async function eachChunk(
    deliveries: readonly Delivery[],
    run: (keys: LaneKeys, chunk: readonly Delivery[], bounds: readonly [string, string]) => Promise<void>,
  ): Promise<void> {
    for (const keys of [lanes.main, lanes.replay]) {
      const inLane = deliveries.filter((delivery) => delivery.lane === keys.lane);
      for (let at = 0; at < inLane.length; at += IDS_PER_CALL) {
        const chunk = inLane.slice(at, at + IDS_PER_CALL);
        await run(keys, chunk, idBounds(chunk));
      }
    }
  }

  function toDeliveries(replies: readonly StreamReply[]): Delivery[] {
    const deliveries: Delivery[] = [];
    for (const [key, entries] of replies) {
      const lane = key === stream ? "main" : "replay";
      for (const [id, fields] of entries) deliveries.push(toDelivery(lane, [id, fields ?? []]));
    }
    return deliveries;
  }

  /** The original's bytes, names and values; null when the entry is gone. */
  async function rawOriginal({ lane, entryId }: Delivery): Promise<readonly Buffer[] | null> {
    const found = await translated(() => command.xrangeBuffer(lanes[lane].stream, entryId, entryId));
    const fields = found[0]?.[1] ?? null;
    if (fields === null || lane === "main") return fields;
    return unpackFields(fields.at(-2)?.toString() === "replay" ? fields.slice(0, -2) : fields);
  }

  /** A very wide entry is replayed packed, its lengths in bytes: only the bytes tell its fields. */
  async function unpacked(deliveries: readonly Delivery[]): Promise<readonly Delivery[]> {
    const isPacked = ({ lane, fields }: Delivery): boolean => lane === "replay" && looksPacked(fields);
    if (!deliveries.some(isPacked)) return deliveries;
    return Promise.all(
      deliveries.map(async (delivery) => {
        const original = isPacked(delivery) ? await rawOriginal(delivery) : null;
        return original === null ? delivery : { ...delivery, fields: original.map((value) => value.toString()) };
      }),
    );
  }

  /** True when it was made now. */
  function createGroup(key: string, from: string): Promise<boolean> {
    return translated(async () => {
      try {
        await command.xgroup("CREATE", key, group, from, "MKSTREAM");
        return true;
      } catch (error) {
        if (messageOf(error).startsWith("BUSYGROUP")) return false;
        throw error;
      }
    });
  }

  async function leave(): Promise<void> {
    for (const keys of [lanes.main, lanes.replay]) {
      await runScript(command, "reap-consumers", [keys.stream, group, 0, consumer]);
    }
  }

  const takeover = createTakeover({ command, address, lanes, unpacked });

  return {
    async ensureGroups() {
      reader.open();
      let made = 0;
      // A group that vanished lost its place: everything still there is delivered again rather than skipped.
      if (await createGroup(lanes.main.stream, hasGroups ? "0" : address.startFrom)) made += 1;
      if (await createGroup(lanes.replay.stream, "0")) made += 1;
      hasGroups = true;
      return made;
    },
    async read(count, blockMs) {
      return unpacked(toDeliveries(await reader.read(count, blockMs)));
    },
    wake: () => reader.wake(),
    claim: (count, minIdleMs) => takeover.claim(count, minIdleMs),
    recover: (isHeld) => takeover.recover(isHeld),
    async extend(deliveries) {
      const lost: Delivery[] = [];
      await eachChunk(deliveries, async (keys, chunk, bounds) => {
        const ids = chunk.map((delivery) => delivery.entryId);
        const gone = new Set((await script("extend", keys.stream, group, consumer, ...bounds, ...ids)) as string[]);
        for (const delivery of chunk) if (gone.has(delivery.entryId)) lost.push(delivery);
      });
      return lost;
    },
    async ack(deliveries) {
      let fenced = 0;
      await eachChunk(deliveries, async (keys, chunk, bounds) => {
        const isOnlyReader = keys.lane === "replay" ? "1" : "0";
        const ids = chunk.map((delivery) => delivery.entryId);
        fenced += (await script(
          "ack",
          keys.stream,
          keys.history,
          group,
          consumer,
          ...bounds,
          isOnlyReader,
          ...ids,
        )) as number;
      });
      return fenced;
    },
    async recordFailure(delivery, record) {
      const keys = lanes[delivery.lane];
      const stored = await script(
        "record-failure",
        keys.stream,
        keys.history,
        group,
        consumer,
        delivery.entryId,
        record.failures,
        record.crashes,
        Math.ceil(record.delayMs),
        record.firstFailedAt,
        KEEP_HISTORY_MS,
      );
      return stored === 1;
    },
    async markInHand(delivery) {
      const keys = lanes[delivery.lane];
      const { failures, crashes, firstFailedAt = "" } = delivery.history;
      const stored = await script(
        "mark-in-hand",
        keys.stream,
        keys.history,
        group,
        consumer,
        delivery.entryId,
        failures,
        crashes,
        firstFailedAt,
        KEEP_HISTORY_MS,
      );
      return stored === 1;
    },
    async deadLetter(delivery, failure) {
      const keys = lanes[delivery.lane];
      const isOnlyReader = delivery.lane === "replay" ? "1" : "0";
      return (await script(
        "dead-letter",
        keys.stream,
        keys.history,
        dlq,
        group,
        consumer,
        delivery.entryId,
        failure,
        isOnlyReader,
      )) as DeadLetterResult;
    },
    async release(deliveries) {
      await eachChunk(deliveries, async (keys, chunk, bounds) => {
        await script("release", keys.stream, group, consumer, ...bounds, ...chunk.map((delivery) => delivery.entryId));
      });
    },
    async buryMissing({ lane, entryId }, failure) {
      const keys = lanes[lane];
      return (await script(
        "bury-missing",
        keys.stream,
        keys.history,
        dlq,
        group,
        entryId,
        failure,
      )) as DeadLetterResult;
    },
    rawFields: rawOriginal,
    async close() {
      await reader.wake();
      try {
        await withTimeout(leave(), LEAVE_TIMEOUT_MS);
      } catch (error) {
        // The name alone is left; the reaper removes it once it has been silent for long.
        log.debug({ reason: messageOf(error) }, "the consumer's name was not removed");
      }
      reader.close();
    },
    get state() {
      return { readerRestarts: reader.restarts, isConnected: reader.isConnected };
    },
  };
}

function idBounds(deliveries: readonly Delivery[]): readonly [string, string] {
  let first = deliveries[0]?.entryId ?? "-";
  let last = first;
  for (const { entryId } of deliveries) {
    // Mostly they come in order.
    if (compareEntryIds(entryId, last) >= 0) last = entryId;
    else if (compareEntryIds(entryId, first) < 0) first = entryId;
  }
  return [first, last];
}
