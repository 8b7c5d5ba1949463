/** The `BrokerFacts` port of the embedded broker: there is no server to speak of, only streams. */
import { deadLetterStream, replayStream } from "../../message/names.ts";
import type { BrokerAdmin, GroupAddress } from "../../ports/broker-admin.ts";
import type { BrokerFacts, Sample, ServerFacts } from "../../ports/broker-facts.ts";
import type { Lane } from "../../ports/broker.ts";
import type { DeadLetters } from "../../ports/dead-letters.ts";
import type { StoredEntry } from "./entry-log.ts";
import { STREAM_START } from "./entry-log.ts";
import { splitMark } from "./marks.ts";
import type { Streams } from "./streams.ts";

const SERVER: ServerFacts = {
  product: "memory",
  version: "embedded",
  role: "primary",
  isCluster: false,
  durability: "D",
  persistence: "inside the process",
  persistenceFailure: null,
  maxMemoryBytes: null,
  usedMemoryBytes: null,
  evictionPolicy: "noeviction",
  maxClients: null,
  connectedClients: null,
  keyCount: null,
};

export function createMemoryBrokerFacts(streams: Streams, admin: BrokerAdmin, deadLetters: DeadLetters): BrokerFacts {
  const laneOf = ({ stream, group }: GroupAddress, lane: Lane): string =>
    lane === "main" ? stream : replayStream(stream, group);

  return {
    time: () => Promise.resolve(streams.clock.now()),
    server: () => Promise.resolve({ ...SERVER, keyCount: streams.names("").length }),
    rights: () => Promise.resolve({ source: "asked", user: null, denied: [] }),
    async stream(name) {
      const stream = streams.get(name);
      if (stream === undefined) return { kind: "absent" };
      const groups = await Promise.all(
        Array.from(stream.groups, async ([group, { lastDelivered }]) => {
          const { pending, lag, consumers } = await admin.inspect({ stream: name, group });
          return { name: group, pending: pending ?? 0, lag, consumers, lastDeliveredId: idOf(lastDelivered) };
        }),
      );
      return { kind: "stream", length: stream.log.length, lastGeneratedId: idOf(stream.log.lastPosition), groups };
    },
    wrongCompanions: () => Promise.resolve([]),
    async pending(address, lane, limit) {
      const group = streams.get(laneOf(address, lane))?.groups.get(address.group);
      return sampled(
        [...(group?.pending.values() ?? [])].map(({ entry }) => entry),
        lane,
        limit,
      );
    },
    async undelivered(address, lane, limit) {
      const stream = streams.get(laneOf(address, lane));
      const from = stream?.groups.get(address.group)?.lastDelivered ?? STREAM_START;
      return sampled(stream?.log.after(from, Infinity) ?? [], lane, limit);
    },
    async deadLetters(address, limit) {
      const ids = ends(
        streams.get(deadLetterStream(address.stream, address.group))?.log.after(STREAM_START, Infinity) ?? [],
        limit,
      );
      const letters = await Promise.all(ids.map(({ id }) => deadLetters.get(address, id)));
      return letters.filter((letter) => letter !== null);
    },
  };
}

function idOf({ ms, seq }: { readonly ms: number; readonly seq: number }): string {
  return `${ms}-${seq}`;
}

function ends<T>(all: readonly T[], limit: number): readonly T[] {
  return all.length <= limit * 2 ? all : [...all.slice(0, limit), ...all.slice(-limit)];
}

function sampled(all: readonly StoredEntry[], lane: Lane, limit: number): Sample {
  const entries = ends(all, limit)
    .filter(({ isDeleted }) => !isDeleted)
    .map(({ id, fields }) => ({
      entryId: id,
      fields: lane === "main" ? fields : splitMark(fields, "replay").original,
    }));
  return { entries, isComplete: all.length <= limit * 2 };
}
