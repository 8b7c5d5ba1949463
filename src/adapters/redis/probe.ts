/** How the servers behind a broker are: asked one by one, none waited for longer than allowed. */
import type { Redis } from "ioredis";
import type { Logger } from "pino";
import type { BrokerStatus } from "../../ports/broker.ts";
import { TIMED_OUT, withTimeout } from "../../primitives/abort.ts";
import type { Connections } from "./connection.ts";
import { messageOf } from "./driver-errors.ts";
import type { Server } from "./topology.ts";

/** A connection that failed so many probes in a row is hung up and opened again. */
const FAILED_PROBES_BEFORE_RECONNECT = 2;

/** `Broker.probe`. In a cluster the first server that is not well stands for all. */
export function createProbe(connections: Connections, log: Logger): (timeoutMs: number) => Promise<BrokerStatus> {
  const { command } = connections;
  const failures = new WeakMap<Redis, number>();

  async function ask(client: Redis): Promise<BrokerStatus> {
    // Connections to the nodes of a cluster are opened by their first command.
    const isUsable = client.status === "ready" || (command.isCluster && client.status === "wait");
    if (!isUsable) return { kind: "down", reason: `connection is ${client.status}` };
    // One round trip: PING shows failed persistence and authentication, INFO what PING does not.
    const [info, slots] = await Promise.all([
      ifPermitted(() => client.call("INFO", "memory", "replication")),
      command.isCluster ? ifPermitted(() => client.cluster("INFO")) : "",
      client.ping(),
    ]);
    if (fieldOf(slots, "cluster_state") === "fail")
      return { kind: "impaired", reason: "the cluster does not serve every slot" };
    return impairment(info);
  }

  async function statusOfServer({ client }: Server, timeoutMs: number): Promise<BrokerStatus> {
    if (client === null) return { kind: "down", reason: "not connected" };
    let status: BrokerStatus;
    try {
      const answer = await withTimeout(ask(client), timeoutMs);
      status = answer === TIMED_OUT ? { kind: "down", reason: `no answer within ${timeoutMs} ms` } : answer;
    } catch (error) {
      status = statusOf(error);
    }
    const failed = status.kind === "down" ? (failures.get(client) ?? 0) + 1 : 0;
    failures.set(client, failed);
    if (failed >= FAILED_PROBES_BEFORE_RECONNECT && client.status === "ready") {
      log.warn({ reason: status.kind === "down" ? status.reason : "" }, "redis does not answer: reconnecting");
      failures.delete(client);
      client.disconnect(true);
    }
    return status;
  }

  return async (timeoutMs) => {
    const servers = connections.servers();
    if (servers.length === 0) return { kind: "down", reason: `connection is ${command.status}` };
    const statuses = await Promise.all(
      servers.map(async (server) => named(server, await statusOfServer(server, timeoutMs))),
    );
    const worst = statuses.find(({ kind }) => kind === "down") ?? statuses.find(({ kind }) => kind !== "ok");
    if (worst !== undefined) connections.refresh();
    return worst ?? { kind: "ok" };
  };
}

function named({ name }: Server, status: BrokerStatus): BrokerStatus {
  return name === "" || status.kind === "ok" ? status : { ...status, reason: `${name}: ${status.reason}` };
}

async function ifPermitted(ask: () => Promise<unknown>): Promise<string> {
  try {
    return String(await ask());
  } catch (error) {
    if (messageOf(error).startsWith("NOPERM")) return "";
    throw error;
  }
}

function statusOf(error: unknown): BrokerStatus {
  const reason = messageOf(error);
  const isRefusal = /^(?:MISCONF|OOM|READONLY|LOADING|NOREPLICAS|BUSY|NOAUTH|NOPERM|WRONGPASS)/.test(reason);
  return isRefusal ? { kind: "impaired", reason } : { kind: "down", reason };
}

function impairment(info: string): BrokerStatus {
  const field = (key: string): string => fieldOf(info, key);
  if (field("role") === "slave") return { kind: "impaired", reason: "the server is a read-only replica" };
  const limit = Number(field("maxmemory"));
  const isFull = limit > 0 && Number(field("used_memory")) > limit;
  if (isFull && field("maxmemory_policy") === "noeviction") {
    return { kind: "impaired", reason: "out of memory: used_memory is above maxmemory" };
  }
  return { kind: "ok" };
}

function fieldOf(info: string, key: string): string {
  return new RegExp(`^${key}:(.*?)\\r?$`, "m").exec(info)?.[1] ?? "";
}
