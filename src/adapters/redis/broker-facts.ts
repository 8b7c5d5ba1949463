/** The `BrokerFacts` port on Redis: nothing but reading commands. */
import type { Redis } from "ioredis";
import { deadLetterStream, historyKey, replayStream } from "../../message/names.ts";
import type { GroupAddress } from "../../ports/broker-admin.ts";
import type { BrokerFacts, GroupFacts, Sample, SampledEntry } from "../../ports/broker-facts.ts";
import type { Lane } from "../../ports/broker.ts";
import type { DeadLetter } from "../../ports/dead-letters.ts";
import { toDeadLetter } from "./dead-letters.ts";
import { messageOf, translated } from "./driver-errors.ts";
import { unpackFields } from "./entries.ts";
import { findRights } from "./rights.ts";
import { readServerFacts } from "./server-facts.ts";

type BufferEntry = [Buffer, Buffer[]];
type PendingReply = [id: string, consumer: string, idleMs: number, deliveries: number];

export function createRedisBrokerFacts(command: Redis): BrokerFacts {
  const oldest = (stream: string, from: string, limit: number): Promise<BufferEntry[]> =>
    command.xrangeBuffer(stream, from, "+", "COUNT", limit);
  const newest = (stream: string, to: string, limit: number): Promise<BufferEntry[]> =>
    command.xrevrangeBuffer(stream, "+", to, "COUNT", limit);

  /** Both ends of what lies from `from` on, each entry once. */
  async function ends(stream: string, from: string, limit: number): Promise<BufferEntry[]> {
    const [first, last] = await Promise.all([oldest(stream, from, limit), newest(stream, from, limit)]);
    return [...new Map([...first, ...last.toReversed()].map((entry) => [entry[0].toString(), entry])).values()];
  }

  /** Without the right to TYPE, streams are still told from other things; of hashes nothing is known, and nothing is said. */
  async function typeOf(key: string): Promise<string> {
    try {
      return await command.type(key);
    } catch (error) {
      if (!messageOf(error).startsWith("NOPERM")) throw error;
      return typeByUse(key);
    }
  }

  async function typeByUse(key: string): Promise<string> {
    try {
      await command.xinfo("STREAM", key);
      return "stream";
    } catch (error) {
      if (messageOf(error).startsWith("ERR no such key")) return "none";
      if (messageOf(error).startsWith("WRONGTYPE")) return "value of another type";
      throw error;
    }
  }

  async function hashType(key: string): Promise<string> {
    try {
      return await command.type(key);
    } catch (error) {
      if (!messageOf(error).startsWith("NOPERM")) throw error;
      return "none";
    }
  }

  async function groupsOf(stream: string): Promise<readonly GroupFacts[]> {
    const groups = ((await command.xinfo("GROUPS", stream)) as unknown[][]).map(toRecord);
    return Promise.all(
      groups.map(async (group): Promise<GroupFacts> => {
        const name = String(group["name"]);
        const consumers = ((await command.xinfo("CONSUMERS", stream, name)) as unknown[][]).map(toRecord);
        return {
          name,
          pending: Number(group["pending"]),
          lag: typeof group["lag"] === "number" ? group["lag"] : null,
          lastDeliveredId: String(group["last-delivered-id"]),
          consumers: consumers.map((each) => ({
            name: String(each["name"]),
            pending: Number(each["pending"]),
            idleMs: Number(each["idle"]),
          })),
        };
      }),
    );
  }

  /** Null: no such stream or group. */
  async function groupOf(stream: string, name: string): Promise<GroupFacts | null> {
    if ((await typeOf(stream)) !== "stream") return null;
    return (await groupsOf(stream)).find((group) => group.name === name) ?? null;
  }

  /** The oldest pending ones; and, since the list has no way back, those among the stream's entries before its last one. */
  async function pendingIds(stream: string, group: string, limit: number): Promise<readonly string[]> {
    const page = (await command.xpending(stream, group, "-", "+", limit)) as PendingReply[];
    const ids = page.map(([id]) => id);
    if (ids.length < limit) return ids;
    const [, , last] = (await command.xpending(stream, group)) as [number, string, string];
    const back = (await command.xrevrangeBuffer(stream, last, "-", "COUNT", limit)) as BufferEntry[];
    const from = back.at(-1)?.[0].toString();
    if (from === undefined) return ids;
    const newer = (await command.xpending(stream, group, from, "+", limit)) as PendingReply[];
    return [...new Set([...ids, ...newer.map(([id]) => id)])];
  }

  return {
    time() {
      return translated(async () => {
        const [seconds, micros] = await command.time();
        return Number(seconds) * 1000 + Number(micros) / 1000;
      });
    },
    server: () => translated(() => readServerFacts(command)),
    rights: (request) => translated(() => findRights(command, request)),
    stream(name) {
      return translated(async () => {
        const type = await typeOf(name);
        if (type === "none") return { kind: "absent" };
        if (type !== "stream") return { kind: "wrong_type", type };
        const info = toRecord((await command.xinfo("STREAM", name)) as unknown[]);
        const groups = await groupsOf(name);
        return {
          kind: "stream",
          length: Number(info["length"]),
          lastGeneratedId: String(info["last-generated-id"]),
          groups,
        };
      });
    },
    wrongCompanions({ stream, group }) {
      return translated(async () => {
        const streams = [deadLetterStream(stream, group), replayStream(stream, group)];
        const hashes = [historyKey(stream, group, "main"), historyKey(stream, group, "replay")];
        const types = await Promise.all([
          ...streams.map(async (key) => ({ key, type: await typeOf(key) })),
          ...hashes.map(async (key) => ({ key, type: await hashType(key) })),
        ]);
        const wanted = (key: string): string => (hashes.includes(key) ? "hash" : "stream");
        return types.filter(({ key, type }) => type !== "none" && type !== wanted(key));
      });
    },
    pending(address, lane, limit) {
      return translated(async () => {
        const stream = laneOf(address, lane);
        const group = await groupOf(stream, address.group);
        if (group === null || group.pending === 0) return { entries: [], isComplete: true };
        const ids = await pendingIds(stream, address.group, limit);
        const found = await Promise.all(ids.map((id) => oldestOf(id)));
        return sampled(found.flat(), { lane, isComplete: ids.length >= group.pending });

        async function oldestOf(id: string): Promise<BufferEntry[]> {
          return command.xrangeBuffer(stream, id, id);
        }
      });
    },
    undelivered(address, lane, limit) {
      return translated(async () => {
        const stream = laneOf(address, lane);
        if ((await typeOf(stream)) !== "stream") return { entries: [], isComplete: true };
        const group = await groupOf(stream, address.group);
        const entries = await ends(stream, group === null ? "-" : `(${group.lastDeliveredId}`, limit);
        return sampled(entries, { lane, isComplete: entries.length < limit * 2 });
      });
    },
    deadLetters(address, limit): Promise<readonly DeadLetter[]> {
      const dlq = deadLetterStream(address.stream, address.group);
      return translated(async () => (await ends(dlq, "-", limit)).map((entry) => toDeadLetter(address, entry)));
    },
  };
}

function laneOf({ stream, group }: GroupAddress, lane: Lane): string {
  return lane === "main" ? stream : replayStream(stream, group);
}

function sampled(entries: readonly BufferEntry[], { lane, isComplete }: { lane: Lane; isComplete: boolean }): Sample {
  return { entries: entries.map((entry) => toSampled(entry, lane)), isComplete };
}

/** Of an entry on the replay lane, the original's fields. */
function toSampled([id, values]: BufferEntry, lane: Lane): SampledEntry {
  const isMarked = lane === "replay" && values.at(-2)?.toString() === "replay";
  const original = lane === "replay" ? unpackFields(isMarked ? values.slice(0, -2) : values) : values;
  return { entryId: id.toString(), fields: original.map((value) => value.toString()) };
}

function toRecord(pairs: readonly unknown[]): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Array.from({ length: pairs.length / 2 }, (_, index) => [String(pairs[index * 2]), pairs[index * 2 + 1]]),
  );
}
