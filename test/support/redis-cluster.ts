/** A Redis Cluster of real processes on loopback: three primaries and, if wanted, a replica of the first. */
import { setTimeout as delay } from "node:timers/promises";
import { Cluster, Redis } from "ioredis";
import { slotOf } from "../../src/adapters/redis/cluster.ts";
import { startRedis, type RedisServer } from "./redis-server.ts";
import { until } from "./until.ts";

const SLOTS = 16_384;
const NODE_TIMEOUT_MS = 1500;

export interface RedisCluster {
  readonly nodes: readonly RedisServer[];
  /** Of the first node, where one was asked for. */
  readonly replica: RedisServer | null;
  /** `redis+cluster://…` of two of its nodes. */
  readonly url: string;
  /** Sends each command where its keys are. */
  readonly control: Cluster;
  /** The node, of those first started, that has the slot of this key now. */
  ownerOf(key: string): Promise<RedisServer>;
  /** Moves the slot of `key`, with everything in it, as `redis-cli --cluster reshard` does; in steps of a key, with pauses. */
  migrate(key: string, to: RedisServer, pause: () => Promise<void>): Promise<void>;
  close(): Promise<void>;
}

export async function startCluster({
  hasReplica = false,
}: { readonly hasReplica?: boolean } = {}): Promise<RedisCluster> {
  const args = [
    "--cluster-enabled",
    "yes",
    "--cluster-node-timeout",
    `${NODE_TIMEOUT_MS}`,
    "--cluster-replica-validity-factor",
    "0",
  ];
  const count = hasReplica ? 4 : 3;
  const all = await Promise.all(Array.from({ length: count }, () => startRedis({ args })));
  const nodes = all.slice(0, 3);
  const [first] = nodes;
  if (first === undefined) throw new Error("no node");
  const size = Math.ceil(SLOTS / nodes.length);
  for (const [at, node] of nodes.entries()) {
    await node.cli("CLUSTER", "ADDSLOTSRANGE", `${at * size}`, `${Math.min((at + 1) * size, SLOTS) - 1}`);
    // Each with an epoch of its own, so that nothing has to be settled later.
    await node.cli("CLUSTER", "SET-CONFIG-EPOCH", `${at + 1}`);
  }
  for (const node of all.slice(1)) await first.cli("CLUSTER", "MEET", "127.0.0.1", `${node.port}`);
  const idOf = (node: RedisServer): Promise<string> => node.cli("CLUSTER", "MYID");
  const replica = all[3] ?? null;
  const knowEachOther = async (): Promise<boolean> => {
    const states = await Promise.all(all.map((node) => node.cli("CLUSTER", "INFO")));
    return states.every(
      (state) => state.includes("cluster_state:ok") && state.includes(`cluster_known_nodes:${count}`),
    );
  };
  await until("the nodes know each other", knowEachOther);
  if (replica !== null) {
    await replica.cli("CLUSTER", "REPLICATE", await idOf(first));
    await until("the replica is in step", async () =>
      (await replica.cli("INFO", "replication")).includes("master_link_status:up"),
    );
    await until("all know of the replica", async () =>
      (await Promise.all(all.map((node) => node.cli("CLUSTER", "NODES")))).every((text) => /slave/.test(text)),
    );
  }
  const control = new Cluster(
    all.map(({ port }) => ({ host: "127.0.0.1", port })),
    {
      slotsRefreshInterval: 1000,
      clusterRetryStrategy: () => 50,
    },
  );
  control.on("error", () => undefined);

  async function ownerOf(key: string): Promise<RedisServer> {
    const slot = slotOf(key);
    for (const node of nodes) {
      const owned = (await node.cli("CLUSTER", "NODES")).split("\n").find((line) => line.includes("myself")) ?? "";
      const ranges = owned
        .split(" ")
        .slice(8)
        .filter((range) => !range.startsWith("["));
      const isIn = ranges.some((range) => {
        const [from = NaN, to = from] = range.split("-").map(Number);
        return slot >= from && slot <= to;
      });
      if (isIn) return node;
    }
    throw new Error(`no node has the slot of ${key}`);
  }

  return {
    nodes,
    replica,
    url: `redis+cluster://${nodes
      .slice(0, 2)
      .map(({ port }) => `127.0.0.1:${port}`)
      .join(",")}`,
    control,
    ownerOf,
    async migrate(key, to, pause) {
      const slot = slotOf(key);
      const from = await ownerOf(key);
      const [fromId, toId] = [await idOf(from), await idOf(to)];
      await expectOk(to.cli("CLUSTER", "SETSLOT", `${slot}`, "IMPORTING", fromId));
      await expectOk(from.cli("CLUSTER", "SETSLOT", `${slot}`, "MIGRATING", toId));
      await pause();
      const source = new Redis(from.port, "127.0.0.1");
      try {
        for (;;) {
          const [one] = await source.cluster("GETKEYSINSLOT", slot, 1);
          if (one === undefined) break;
          await source.call("MIGRATE", "127.0.0.1", to.port, one, 0, 5000);
          await pause();
        }
      } finally {
        source.disconnect();
      }
      for (const node of [to, from, ...nodes]) await expectOk(node.cli("CLUSTER", "SETSLOT", `${slot}`, "NODE", toId));
    },
    async close() {
      control.disconnect();
      await Promise.all(all.map((node) => node.stop()));
    },
  };
}

/** redis-cli prints a refusal and succeeds. */
async function expectOk(reply: Promise<string>): Promise<void> {
  const text = await reply;
  if (text !== "OK") throw new Error(text);
}

export interface ClusterLoad {
  stop(): Promise<number[]>;
  /** Acknowledged, and where `waitsForReplica` says so, on a replica too. */
  readonly safe: number[];
}

/** Appends numbers one by one, never one twice. */
export function startClusterLoad(
  cluster: RedisCluster,
  stream: string,
  waitsForReplica: () => boolean = () => false,
): ClusterLoad {
  const client = new Cluster(
    cluster.nodes.map(({ port }) => ({ host: "127.0.0.1", port })),
    {
      retryDelayOnFailover: 0,
      slotsRefreshInterval: 500,
      redisOptions: { commandTimeout: 1000, autoResendUnfulfilledCommands: false, maxRetriesPerRequest: 0 },
    },
  );
  client.on("error", () => undefined);
  const safe: number[] = [];
  let isStopping = false;
  async function run(): Promise<void> {
    for (let n = 0; !isStopping; n += 1) {
      try {
        const owner = client
          .nodes("master")
          .find(({ options }) => `${options.host}:${options.port}` === client.slots[slotOf(stream)]?.[0]);
        await client.xadd(stream, "*", "type", "Noted", "data", JSON.stringify({ n }));
        if (!waitsForReplica() || (await owner?.wait(1, 500)) === 1) safe.push(n);
      } catch {
        await delay(10);
      }
      await delay(2);
    }
  }
  const running = run();
  return {
    safe,
    async stop() {
      isStopping = true;
      await running;
      client.disconnect();
      return safe;
    },
  };
}
