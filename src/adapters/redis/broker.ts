/** The `Broker` port on Redis Streams. */
import type { Logger } from "pino";
import { BrokerError } from "../../errors.ts";
import { TIMED_OUT, withTimeout } from "../../primitives/abort.ts";
import type { Broker, BrokerStatus, NewEntry } from "../../ports/broker.ts";
import type { Connections } from "./connection.ts";
import { createRedisConsumer } from "./consumer.ts";
import { messageOf, toBrokerError } from "./driver-errors.ts";

const ENTRIES_PER_PIPELINE = 500;
/** A command connection that failed so many probes in a row is hung up and opened again. */
const FAILED_PROBES_BEFORE_RECONNECT = 2;

export function createRedisBroker(name: string, connections: Connections, log: Logger): Broker {
  const { command } = connections;
  let failedProbes = 0;

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

  async function ask(): Promise<BrokerStatus> {
    if (command.status !== "ready") return { kind: "down", reason: `connection is ${command.status}` };
    // One round trip: PING shows failed persistence and authentication, INFO what PING does not.
    const [info] = await Promise.all([memoryAndRole(), command.ping()]);
    return impairment(info);
  }

  async function memoryAndRole(): Promise<string> {
    try {
      return (await command.call("INFO", "memory", "replication")) as string;
    } catch (error) {
      if (messageOf(error).startsWith("NOPERM")) return "";
      throw error;
    }
  }

  return {
    name,
    capabilities: { isShared: true, isDurable: true },
    connect: (deadlineMs, signal) => connections.connect(deadlineMs, signal),
    get activeConnections() {
      return connections.activeCount;
    },
    async append(entries) {
      const ids: string[] = [];
      try {
        for (let at = 0; at < entries.length; at += ENTRIES_PER_PIPELINE) {
          ids.push(...(await appendChunk(entries.slice(at, at + ENTRIES_PER_PIPELINE))));
        }
      } catch (error) {
        throw toBrokerError(error);
      }
      return ids;
    },
    createConsumer: (address) => createRedisConsumer({ connections, address, log }),
    async probe(timeoutMs) {
      let status: BrokerStatus;
      try {
        const answer = await withTimeout(ask(), timeoutMs);
        status = answer === TIMED_OUT ? { kind: "down", reason: `no answer within ${timeoutMs} ms` } : answer;
      } catch (error) {
        status = statusOf(error);
      }
      failedProbes = status.kind === "down" ? failedProbes + 1 : 0;
      if (failedProbes >= FAILED_PROBES_BEFORE_RECONNECT && command.status === "ready") {
        log.warn({ reason: status.kind === "down" ? status.reason : "" }, "redis does not answer: reconnecting");
        failedProbes = 0;
        command.disconnect(true);
      }
      return status;
    },
    close() {
      connections.closeAll();
      return Promise.resolve();
    },
  };
}

function statusOf(error: unknown): BrokerStatus {
  const reason = messageOf(error);
  const isRefusal = /^(?:MISCONF|OOM|READONLY|LOADING|NOREPLICAS|BUSY|NOAUTH|NOPERM|WRONGPASS)/.test(reason);
  return isRefusal ? { kind: "impaired", reason } : { kind: "down", reason };
}

function impairment(info: string): BrokerStatus {
  const field = (key: string): string => new RegExp(`^${key}:(.*?)\\r?$`, "m").exec(info)?.[1] ?? "";
  if (field("role") === "slave") return { kind: "impaired", reason: "the server is a read-only replica" };
  const limit = Number(field("maxmemory"));
  const isFull = limit > 0 && Number(field("used_memory")) > limit;
  if (isFull && field("maxmemory_policy") === "noeviction") {
    return { kind: "impaired", reason: "out of memory: used_memory is above maxmemory" };
  }
  return { kind: "ok" };
}
