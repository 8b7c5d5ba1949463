/**
 * A Redis Cluster. The driver's cluster client routes commands, scripts and pipelines by their keys and follows MOVED, ASK
 * and TRYAGAIN, which say that nothing was done; everything that leaves the outcome open comes back to the caller, as with
 * one server. Blocking readers have connections of their own to the node that serves their stream.
 */
import { Cluster, Command, Redis } from "ioredis";
import type { RedisAddress } from "../../primitives/redis-uri.ts";
import type { CommandClient, Server, Topology, TopologyOptions } from "./topology.ts";

const SLOTS = 16_384;
const REFRESH_INTERVAL_MS = 10_000;
const RETRY_DELAY_MS = 100;
const RECONNECT_MAX_MS = 1000;

export function createCluster({ uri, access, options, commandOptions, onError }: TopologyOptions): Topology {
  const { retryStrategy: _, enableOfflineQueue: __, ...nodeOptions } = { ...options, ...commandOptions };
  const cluster = new Cluster(
    uri.hosts.map((host) => ({ ...host })),
    {
      lazyConnect: true,
      enableOfflineQueue: false,
      scaleReads: "master",
      // What was sent when a connection broke may have been done.
      retryDelayOnFailover: 0,
      retryDelayOnClusterDown: RETRY_DELAY_MS,
      retryDelayOnTryAgain: RETRY_DELAY_MS,
      slotsRefreshInterval: REFRESH_INTERVAL_MS,
      clusterRetryStrategy: (times) => Math.min(times * RETRY_DELAY_MS, RECONNECT_MAX_MS),
      // Names stay names: a certificate carries them.
      dnsLookup: (host, callback) => callback(null, host),
      redisOptions: { ...nodeOptions, ...(uri.family === null ? {} : { family: uri.family }) },
    },
  );
  cluster.on("+node", (node: Redis) => {
    access.admit(node);
    if (cluster.status === "ready") openNode(node);
  });
  // Not before: the driver's own first question goes to any node, and must not find one half open.
  cluster.on("ready", () => cluster.nodes("master").forEach(openNode));
  cluster.on("-node", () => cluster.refreshSlotsCache());
  cluster.on("error", onError);
  cluster.on("node error", onError);
  routeContainerCommands(cluster);

  const ownerOf = (slot: number): string | undefined => cluster.slots[slot]?.[0];
  const nodeAt = (name: string): Redis | null => cluster.nodes("master").find((node) => nameOf(node) === name) ?? null;

  return {
    command: cluster,
    servers(): readonly Server[] {
      const names = new Set(cluster.slots.flatMap((owners) => owners.slice(0, 1)));
      return [...names].map((name) => ({ name, client: nodeAt(name) }));
    },
    nodeOf(key): CommandClient {
      const owner = ownerOf(slotOf(key));
      return (owner === undefined ? null : nodeAt(owner)) ?? cluster;
    },
    openReader(extra, key, asking) {
      const slot = slotOf(key);
      const place = asking ?? addressOf(ownerOf(slot)) ?? uri.hosts[0];
      const client = new Redis({
        ...options,
        ...extra,
        ...place,
        ...(uri.family === null ? {} : { family: uri.family }),
      });
      access.admit(client);
      const name = nameOf(client);
      return {
        client,
        neighbour: () => nodeAt(name),
        // A node that answers says itself when a stream is elsewhere.
        isCurrent: () => client.status === "ready" || name === (ownerOf(slot) ?? name),
      };
    },
    noteMoved(key, { host, port }) {
      cluster.slots[slotOf(key)] = [`${host}:${port}`];
      cluster.refreshSlotsCache();
    },
    refresh: () => cluster.refreshSlotsCache(),
    get activeCount() {
      return cluster.nodes().filter(({ status }) => status === "ready").length;
    },
    get count() {
      return cluster.nodes().length;
    },
  };
}

/** Now rather than with its first command, beside which others would fail. Why it fails reaches "node error". */
function openNode(node: Redis): void {
  if (node.status === "wait" && node.options.readOnly !== true) node.connect().catch(() => undefined);
}

function nameOf({ options }: Redis): string {
  return `${options.host}:${options.port}`;
}

function addressOf(name: string | undefined): RedisAddress | null {
  const colon = name?.lastIndexOf(":") ?? -1;
  return name === undefined || colon < 0 ? null : { host: name.slice(0, colon), port: Number(name.slice(colon + 1)) };
}

/** The driver does not see the key behind a subcommand, and would ask any node. */
function routeContainerCommands(cluster: Cluster): void {
  const route =
    (name: string) =>
    (subcommand: string, key?: string, ...rest: (string | number)[]): Promise<unknown> => {
      const args = key === undefined ? [subcommand] : [subcommand, key, ...rest];
      const command = new Command(name, args, { replyEncoding: "utf8" });
      if (key !== undefined) command.getSlot = () => slotOf(key);
      return cluster.sendCommand(command) as Promise<unknown>;
    };
  Object.assign(cluster, { xgroup: route("xgroup"), xinfo: route("xinfo") });
}

/** The slot of a key, as the Redis Cluster specification has it: CRC16 (XMODEM) of its hash tag, or else of all of it. */
export function slotOf(key: string): number {
  const open = key.indexOf("{");
  const close = open < 0 ? -1 : key.indexOf("}", open + 1);
  let crc = 0;
  for (const byte of Buffer.from(close > open + 1 ? key.slice(open + 1, close) : key)) {
    crc ^= byte << 8;
    for (let bit = 0; bit < 8; bit += 1) crc = (crc & 0x8000) === 0 ? crc << 1 : (crc << 1) ^ 0x1021;
    crc &= 0xffff;
  }
  return crc % SLOTS;
}
