/** The `Broker` port on Redis Streams. */
import type { Logger } from "pino";
import { BrokerError } from "../../errors.ts";
import type { Broker, NewEntry } from "../../ports/broker.ts";
import type { Connections } from "./connection.ts";
import { createRedisConsumer } from "./consumer.ts";
import { translated } from "./driver-errors.ts";
import { createProbe } from "./probe.ts";

const ENTRIES_PER_PIPELINE = 500;

export function createRedisBroker(name: string, connections: Connections, log: Logger): Broker {
  const { command } = connections;
  const probe = createProbe(connections, log);

  async function appendChunk(entries: readonly NewEntry[]): Promise<string[]> {
    const pipeline = command.pipeline();
    for (const { stream, fields } of entries) pipeline.xadd(stream, "*", ...fields);
    const replies = (await pipeline.exec()) ?? [];
    const ids: string[] = [];
    for (const [error, id] of replies) {
      if (error) throw error;
      ids.push(id as string);
    }
    if (ids.length !== entries.length) {
      throw new BrokerError("the connection was lost while appending", { isTransient: true, isOutcomeUnknown: true });
    }
    return ids;
  }

  async function appendAll(entries: readonly NewEntry[]): Promise<string[]> {
    const ids: string[] = [];
    for (let at = 0; at < entries.length; at += ENTRIES_PER_PIPELINE) {
      ids.push(...(await appendChunk(entries.slice(at, at + ENTRIES_PER_PIPELINE))));
    }
    return ids;
  }

  /** In a cluster a pipeline goes to one node: stream after stream, in the order in which they first appear. */
  async function appendByStream(entries: readonly NewEntry[]): Promise<string[]> {
    const ids: string[] = [];
    const places = Map.groupBy(entries.keys(), (at) => entries[at]?.stream ?? "");
    for (const indexes of places.values()) {
      const appended = await appendAll(indexes.flatMap((at) => entries[at] ?? []));
      for (const [nth, at] of indexes.entries()) ids[at] = appended[nth] ?? "";
    }
    return ids;
  }

  return {
    name,
    capabilities: { isShared: true, isDurable: true },
    connect: (deadlineMs, signal) => connections.connect(deadlineMs, signal),
    get activeConnections() {
      return connections.activeCount;
    },
    append: (entries) => translated(() => (command.isCluster ? appendByStream(entries) : appendAll(entries))),
    createConsumer: (address) => createRedisConsumer({ connections, address, log }),
    probe,
    close() {
      connections.closeAll();
      return Promise.resolve();
    },
  };
}
