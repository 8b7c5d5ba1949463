/**
 * Connections to one Redis. Commands fail fast: nothing is queued while the connection is away and nothing is sent
 * twice behind our back, so that every caller knows what happened and its own loop decides to try again.
 */
import { Redis, type RedisOptions } from "ioredis";
import type { Logger } from "pino";
import { EngineError } from "../../errors.ts";
import { sleep, TIMED_OUT, withTimeout } from "../../primitives/abort.ts";
import { isAuthenticationError, messageOf } from "./driver-errors.ts";
import { defineScripts } from "./scripts.ts";

const RECONNECT_MAX_MS = 1000;
const COMMAND_TIMEOUT_MS = 5000;
const CONNECT_TIMEOUT_MS = 5000;
const KEEP_ALIVE_MS = 5000;

export interface ConnectionOptions {
  readonly uri: string;
  readonly maxConnections: number;
  readonly log: Logger;
}

export interface Connections {
  /** The connection for everything that does not block. */
  readonly command: Redis;
  /** A new connection for one blocking reader; the caller gives it back with {@link discard}. */
  openReader(name: string): Redis;
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

export function createConnections(options: ConnectionOptions): Connections {
  const { uri, log } = options;
  const open = new Set<Redis>();
  let lastError: unknown = null;

  function create(name: string, extra: RedisOptions): Redis {
    if (open.size >= options.maxConnections) {
      throw new EngineError(
        "ENGINE_BROKER_CONNECTIONS",
        `the engine needs more than max_connections = ${options.maxConnections} connections to Redis`,
        { hint: "Each subscription holds one blocking connection, and one is shared: raise max_connections in [brokers.…]." },
      );
    }
    const client = new Redis(uri, { ...optionsFor(log), ...extra, connectionName: name });
    // Without a listener a lost connection would end the process; the loops report what fails.
    client.on("error", (error) => {
      lastError = error;
      // Its text alone: the error itself carries the command that was refused, AUTH and its password among them.
      log.debug({ reason: messageOf(error), connection: name }, "redis connection error");
    });
    open.add(client);
    return client;
  }

  const command = create("engine:command", { commandTimeout: COMMAND_TIMEOUT_MS });
  defineScripts(command);

  function start(client: Redis): void {
    // A failed first try is retried by the client; its error reaches the listener above.
    client.connect().catch(() => undefined);
  }

  return {
    command,
    openReader(name) {
      const client = create(name, {});
      start(client);
      return client;
    },
    discard(client) {
      open.delete(client);
      client.disconnect();
    },
    async connect(deadlineMs, signal) {
      const deadline = performance.now() + deadlineMs;
      if (command.status === "wait") start(command);
      let hasWarned = false;
      while (performance.now() < deadline && !signal.aborted) {
        if (command.status === "ready") {
          const reply = await withTimeout(command.ping(), 1000).catch((error: unknown) => {
            lastError = error;
            return TIMED_OUT;
          });
          if (reply !== TIMED_OUT) return;
        }
        if (isAuthenticationError(lastError)) break;
        if (!hasWarned && lastError !== null) {
          log.warn({ reason: messageOf(lastError) }, "redis is not reachable yet: trying again");
          hasWarned = true;
        }
        await sleep(50, signal);
      }
      if (signal.aborted) return;
      const reason = lastError === null ? "it did not answer" : messageOf(lastError);
      throw new EngineError("ENGINE_BROKER_UNAVAILABLE", `cannot use Redis: ${reason}`, {
        hint: isAuthenticationError(lastError)
          ? "Check user, password and permissions in the broker's URI."
          : "Is Redis running, and is the URI in [brokers.…] right? server.start_timeout_seconds says how long to wait for it.",
      });
    },
    get activeCount() {
      return [...open].filter((client) => client.status === "ready").length;
    },
    closeAll() {
      for (const client of open) client.disconnect();
      open.clear();
    },
  };
}
