/**
 * Connections to one Redis. Commands fail fast: nothing is queued while the connection is away and nothing is sent
 * twice behind our back, so that every caller knows what happened and its own loop decides to try again.
 */
import type { Redis, RedisOptions } from "ioredis";
import type { Logger } from "pino";
import type { BrokerAccess } from "../../config/settings.ts";
import { EngineError } from "../../errors.ts";
import { sleep, TIMED_OUT, withTimeout } from "../../primitives/abort.ts";
import { parseRedisUri, type RedisAddress, type RedisUri } from "../../primitives/redis-uri.ts";
import { createAccess } from "./access.ts";
import { createCluster } from "./cluster.ts";
import { messageOf } from "./driver-errors.ts";
import { defineScripts } from "./scripts.ts";
import { keepErrorsHeard, createSingle } from "./single.ts";
import { isFinalRefusal, startFailure } from "./start-failure.ts";
import type { ReaderConnection, Topology } from "./topology.ts";

const RECONNECT_MAX_MS = 1000;
const COMMAND_TIMEOUT_MS = 5000;
const CONNECT_TIMEOUT_MS = 5000;
const KEEP_ALIVE_MS = 5000;
const ALL_SERVERS_LIMIT_MS = 2000;

export interface ConnectionOptions extends BrokerAccess {
  readonly uri: string;
  readonly maxConnections: number;
  readonly log: Logger;
}

/** `command` is for everything that does not block. */
export interface Connections extends Pick<Topology, "command" | "servers" | "nodeOf" | "noteMoved" | "refresh"> {
  /** A new connection for one blocking reader of `key`; the caller gives it back with {@link discard}. */
  openReader(name: string, key: string, asking?: RedisAddress | null): ReaderConnection;
  discard(client: Redis): void;
  /** Resolves once the command connection is ready; retries until `deadlineMs` have passed. */
  connect(deadlineMs: number, signal: AbortSignal): Promise<void>;
  closeAll(): void;
  /** Connected now. */
  readonly activeCount: number;
}

function optionsFor(log: Logger): RedisOptions {
  return {
    lazyConnect: true,
    connectTimeout: CONNECT_TIMEOUT_MS,
    keepAlive: KEEP_ALIVE_MS,
    noDelay: true,
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    enableOfflineQueue: false,
    retryStrategy: (times) => Math.min(2 ** Math.min(times, 10) * 10, RECONNECT_MAX_MS) * (0.5 + Math.random() / 2),
    // After a failover the old primary answers READONLY: a new connection finds the new one.
    reconnectOnError: (error) => {
      if (!error.message.startsWith("READONLY")) return false;
      log.warn("redis answers READONLY: reconnecting");
      return 1;
    },
  };
}

function parsed(uri: string): RedisUri {
  const result = parseRedisUri(uri);
  if (result.kind === "uri") return result.uri;
  throw new EngineError("ENGINE_BROKER_REFUSED", `the broker's URI ${result.fault}`, {
    hint: "Put it right in [brokers.…].",
  });
}

export function createConnections(options: ConnectionOptions): Connections {
  const { log, maxConnections } = options;
  const uri = parsed(options.uri);
  const access = createAccess(uri, options, log);
  const readers = new Set<Redis>();
  let lastError: unknown = null;

  // Without a listener a lost connection would end the process; the loops report what fails.
  const onError =
    (connection: string) =>
    (error: unknown): void => {
      // What a refusal is followed by says less than the refusal.
      if (!isFinalRefusal(lastError) || isFinalRefusal(error)) lastError = error;
      // Its text alone: the error itself carries the command that was refused, AUTH and its password among them.
      log.debug({ reason: messageOf(error), connection }, "redis connection error");
    };

  const topology = (uri.kind === "cluster" ? createCluster : createSingle)({
    uri,
    access,
    options: optionsFor(log),
    commandOptions: { connectionName: "engine:command", commandTimeout: COMMAND_TIMEOUT_MS },
    onError: onError("engine:command"),
  });
  const { command } = topology;
  defineScripts(command);

  async function ping(): Promise<boolean> {
    const reply = await withTimeout(command.ping(), 1000).catch((error: unknown) => {
      lastError = error;
      return TIMED_OUT;
    });
    return reply !== TIMED_OUT;
  }

  /** One that stays away is no reason not to start: the others serve their streams, and the probe tells. */
  async function connectAllServers(deadline: number, signal: AbortSignal): Promise<void> {
    const giveUpAt = Math.min(deadline, performance.now() + ALL_SERVERS_LIMIT_MS);
    const areReady = (): boolean => topology.servers().every(({ client }) => client?.status === "ready");
    while (!areReady() && performance.now() < giveUpAt && !signal.aborted) await sleep(10, signal);
  }

  return {
    ...topology,
    openReader(name, key, asking = null) {
      if (readers.size + topology.count >= maxConnections) throw tooMany(maxConnections);
      const reader = topology.openReader({ connectionName: name }, key, asking);
      readers.add(reader.client);
      reader.client.on("error", onError(name));
      keepErrorsHeard(reader.client);
      start(reader.client);
      return reader;
    },
    discard(client) {
      readers.delete(client);
      client.disconnect();
    },
    async connect(deadlineMs, signal) {
      access.check();
      const deadline = performance.now() + deadlineMs;
      if (command.status === "wait") start(command);
      let hasWarned = false;
      while (performance.now() < deadline && !signal.aborted) {
        if (command.status === "ready" && (await ping())) return connectAllServers(deadline, signal);
        if (isFinalRefusal(lastError)) break;
        if (!hasWarned && lastError !== null) {
          log.warn({ reason: messageOf(lastError) }, "redis is not reachable yet: trying again");
          hasWarned = true;
        }
        await sleep(50, signal);
      }
      if (!signal.aborted) throw startFailure(lastError);
    },
    get activeCount() {
      return topology.activeCount + [...readers].filter(({ status }) => status === "ready").length;
    },
    closeAll() {
      for (const client of readers) client.disconnect();
      readers.clear();
      command.disconnect();
    },
  };
}

function start(client: { connect(): Promise<void> }): void {
  // A failed first try is retried by the client; its error reaches the listener.
  client.connect().catch(() => undefined);
}

function tooMany(maxConnections: number): EngineError {
  return new EngineError(
    "ENGINE_BROKER_CONNECTIONS",
    `the engine needs more than max_connections = ${maxConnections} connections to Redis`,
    {
      hint: "Each subscription holds one blocking connection, and one is shared (in a cluster: one for each primary): raise max_connections in [brokers.…].",
    },
  );
}
