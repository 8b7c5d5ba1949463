import { deadLetterStream, replayStream } from "../../message/names.ts";
import type { Broker } from "../../ports/broker.ts";
import type { BrokerAdmin, ConsumerReport, GroupAddress, GroupReport } from "../../ports/broker-admin.ts";
import { comparePositions, type EntryLog, type EntryPosition } from "./entry-log.ts";
import { countHeld, type Group } from "./group.ts";
import type { Stream, Streams } from "./streams.ts";

/** The slow path of the embedded broker. */
export function createMemoryBrokerAdmin(streams: Streams, broker: Broker): BrokerAdmin {
  const lengthOf = (name: string): number => streams.get(name)?.log.length ?? 0;

  function companions({ stream, group }: GroupAddress): Pick<GroupReport, "dlqDepth" | "replayBacklog"> {
    return {
      dlqDepth: lengthOf(deadLetterStream(stream, group)),
      replayBacklog: lengthOf(replayStream(stream, group)),
    };
  }

  return {
    async inspect(address) {
      const stream = streams.get(address.stream);
      const group = stream?.groups.get(address.group);
      if (stream === undefined || group === undefined) return { ...ABSENT, ...companions(address) };
      const nowMs = streams.clock.now();
      const ageSeconds = (entry: EntryPosition | undefined): number =>
        entry === undefined ? 0 : Math.max(0, nowMs - entry.ms) / 1000;
      return {
        isPresent: true,
        lag: stream.log.countAfter(group.lastDelivered),
        lagSeconds: ageSeconds(stream.log.after(group.lastDelivered, 1)[0]),
        pending: group.pending.size,
        oldestPendingSeconds: ageSeconds(oldestPending(group)),
        consumers: consumersOf(group, streams.clock.monotonicMs()),
        ...companions(address),
      };
    },
    async groups(stream) {
      return [...(streams.get(stream)?.groups.keys() ?? [])];
    },
    async trim(name, retention, { expectedGroups, limit }) {
      const stream = streams.get(name);
      if (stream === undefined) return { kind: "trimmed", removed: 0 };
      const absent = expectedGroups.find((group) => !stream.groups.has(group));
      if (absent !== undefined) {
        return { kind: "held", reason: `the group "${absent}" does not exist on the stream "${name}"` };
      }
      const beforeMs = retention.maxAgeMs === null ? -Infinity : streams.clock.now() - retention.maxAgeMs;
      const maxLength = retention.maxLength ?? Infinity;
      return { kind: "trimmed", removed: dropOldest(stream, { beforeMs, maxLength, limit }) };
    },
    async reapConsumers(address, silentMs) {
      return reap(streams, address, streams.clock.monotonicMs() - silentMs);
    },
    probe: (timeoutMs) => broker.probe(timeoutMs),
  };
}

/** Removes consumers that hold nothing on either lane and were last heard of at or before `since`. */
function reap(streams: Streams, { stream, group }: GroupAddress, since: number): string[] {
  const lanes = [stream, replayStream(stream, group)]
    .map((name) => streams.get(name)?.groups.get(group))
    .filter((lane) => lane !== undefined);
  const names = new Set(lanes.flatMap((lane) => [...lane.consumers.keys()]));
  for (const lane of lanes) {
    for (const holder of countHeld(lane).keys()) names.delete(holder);
    for (const [consumer, seenAtMs] of lane.consumers) if (seenAtMs > since) names.delete(consumer);
  }
  for (const lane of lanes) for (const consumer of names) lane.consumers.delete(consumer);
  return [...names];
}

const ABSENT: GroupReport = {
  isPresent: false,
  lag: null,
  lagSeconds: null,
  pending: null,
  oldestPendingSeconds: null,
  consumers: [],
  dlqDepth: null,
  replayBacklog: null,
};

function oldestPending(group: Group): EntryPosition | undefined {
  return group.pending.values().next().value?.entry;
}

function consumersOf(group: Group, nowMs: number): ConsumerReport[] {
  const held = countHeld(group);
  return Array.from(group.consumers, ([name, seenAtMs]) => ({
    name,
    pending: held.get(name) ?? 0,
    idleMs: Math.max(0, nowMs - seenAtMs),
  }));
}

function dropOldest({ log, groups }: Stream, bounds: { beforeMs: number; maxLength: number; limit: number }): number {
  const isSettled = settledTest(groups);
  const isExcess = (entry: EntryPosition, { length }: EntryLog): boolean =>
    entry.ms < bounds.beforeMs || length > bounds.maxLength;
  let removed = 0;
  for (let oldest = log.first; oldest !== undefined && removed < bounds.limit; oldest = log.first) {
    if (!isExcess(oldest, log) || !isSettled(oldest)) break;
    log.delete(oldest);
    removed += 1;
  }
  return removed;
}

/** Whether every group has acked an entry: it lies before the group's oldest pending one, or within what it has read. */
function settledTest(groups: ReadonlyMap<string, Group>): (entry: EntryPosition) => boolean {
  const tests = Array.from(groups.values(), (group) => {
    const oldest = oldestPending(group);
    const { lastDelivered } = group;
    return (entry: EntryPosition): boolean =>
      oldest === undefined ? comparePositions(entry, lastDelivered) <= 0 : comparePositions(entry, oldest) < 0;
  });
  return (entry) => tests.every((test) => test(entry));
}
