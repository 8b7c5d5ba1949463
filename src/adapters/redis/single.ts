/** One Redis server, or the primary that sentinels name. */
import { Redis, type RedisOptions } from "ioredis";
import type { RedisUri } from "../../primitives/redis-uri.ts";
import type { Topology, TopologyOptions } from "./topology.ts";

const SENTINEL_TIMEOUT_MS = 2000;
const SENTINEL_RETRY_MAX_MS = 500;

export function createSingle({ uri, access, options, commandOptions, onError }: TopologyOptions): Topology {
  const address = addressOf(uri);

  function create(extra: RedisOptions): Redis {
    const client = new Redis({ ...options, ...address, ...extra });
    access.admit(client);
    return client;
  }

  const command = create({ ...commandOptions, ...(uri.kind === "sentinel" ? { failoverDetector: true } : {}) });
  command.on("error", onError);
  keepErrorsHeard(command);
  command.on("sentinelError", onError);

  /** Sentinels may name another primary while a partition keeps the old one alive for us. */
  function isAtPrimary(reader: Redis): boolean {
    if (uri.kind !== "sentinel" || reader.status !== "ready" || command.status !== "ready") return true;
    return serverOf(reader) === serverOf(command);
  }

  return {
    command,
    servers: () => [{ name: "", client: command }],
    nodeOf: () => command,
    openReader(extra) {
      const client = create(extra);
      return { client, neighbour: () => command, isCurrent: () => isAtPrimary(client) };
    },
    noteMoved: () => undefined,
    refresh: () => undefined,
    get activeCount() {
      return command.status === "ready" ? 1 : 0;
    },
    count: 1,
  };
}

function serverOf({ stream }: Redis): string {
  const { remoteAddress, remotePort } = stream as { readonly remoteAddress?: string; readonly remotePort?: number };
  return `${remoteAddress}:${remotePort}`;
}

function addressOf(uri: RedisUri): RedisOptions {
  const common = { db: uri.database, ...(uri.family === null ? {} : { family: uri.family }) };
  if (uri.primaryName === null) return { ...common, ...uri.hosts[0] };
  return {
    ...common,
    sentinels: uri.hosts.map((host) => ({ ...host })),
    name: uri.primaryName,
    role: "master",
    sentinelCommandTimeout: SENTINEL_TIMEOUT_MS,
    sentinelRetryStrategy: (times) => Math.min(times * 50, SENTINEL_RETRY_MAX_MS),
  };
}

/**
 * The client listens for one error of a socket. A TLS handshake that is refused can bring a second one (our refusal, then the
 * server's alert), which would end the process.
 */
export function keepErrorsHeard(client: Redis): void {
  client.on("error", () => {
    (client.stream as NodeJS.EventEmitter | undefined)?.on("error", () => undefined);
  });
}
