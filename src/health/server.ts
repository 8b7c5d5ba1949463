/**
 * The engine's own HTTP server for probes. It answers from the snapshot alone, so that a hung broker never hangs a
 * probe; started first and stopped last, it answers until the very end of a shutdown.
 */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Logger } from "pino";
import { EngineError } from "../errors.ts";
import type { Service } from "../lifecycle/service.ts";
import { withTimeout } from "../primitives/abort.ts";
import { healthHandler } from "./handler.ts";
import type { HealthSource } from "./probes.ts";

/** Sockets at once; further ones are dropped. A slow client holds one for at most {@link REQUEST_TIMEOUT_MS}. */
const MAX_CONNECTIONS = 256;
const MAX_HEADER_BYTES = 16 * 1024;
const HEADERS_TIMEOUT_MS = 5_000;
const REQUEST_TIMEOUT_MS = 10_000;
const KEEP_ALIVE_MS = 5_000;
/** How often node looks for connections past their timeouts (its default of 30 s would be the real limit). */
const TIMEOUT_CHECK_MS = 1_000;

export interface HealthServerOptions {
  readonly host: string;
  /** 0: any free port; {@link HealthServer.address} tells which. */
  readonly port: number;
  readonly source: HealthSource;
  readonly log: Logger;
}

export interface HealthAddress {
  readonly host: string;
  readonly port: number;
  /** `http://host:port` */
  readonly url: string;
}

export interface HealthServer extends Service {
  /** Where it listens; null while it does not. */
  address(): HealthAddress | null;
}

/** `start` resolves once it listens, and rejects with ENGINE_PORT_IN_USE or ENGINE_PORT_UNUSABLE. */
export function createHealthServer(options: HealthServerOptions): HealthServer {
  let server: Server | null = null;
  let stopping: Promise<void> | null = null;

  return {
    name: "health server",

    async start(signal) {
      if (server !== null || signal.aborted) return;
      server = limitedServer(options.source);
      await listen(server, options, signal);
      options.log.info({ url: addressOf(server)?.url }, "health server listening");
    },

    stop(deadline) {
      if (server === null) return Promise.resolve();
      stopping ??= close(server, deadline);
      return stopping;
    },

    address: () => (server === null ? null : addressOf(server)),
  };
}

function limitedServer(source: HealthSource): Server {
  const server = createServer(
    {
      headersTimeout: HEADERS_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
      keepAliveTimeout: KEEP_ALIVE_MS,
      maxHeaderSize: MAX_HEADER_BYTES,
      connectionsCheckingInterval: TIMEOUT_CHECK_MS,
    },
    healthHandler(source),
  );
  server.maxConnections = MAX_CONNECTIONS;
  return server;
}

function listen(server: Server, options: HealthServerOptions, signal: AbortSignal): Promise<void> {
  const { host, port, log } = options;
  return new Promise((resolve, reject) => {
    const onError = (error: NodeJS.ErrnoException): void => reject(listenError(error, host, port));
    // Not the `signal` option of listen(): that one closes the server whenever it aborts, also long after the start.
    const giveUp = (): void => void server.close();
    signal.addEventListener("abort", giveUp, { once: true });
    server.once("error", onError);
    server.listen({ host, port }, () => {
      signal.removeEventListener("abort", giveUp);
      server.off("error", onError);
      server.on("error", (error) => log.error({ err: error }, "health server error"));
      resolve();
    });
    // A server that is closed before it listens says nothing else.
    server.once("close", () => resolve());
  });
}

function listenError(error: NodeJS.ErrnoException, host: string, port: number): EngineError {
  const place = `${bracketed(host)}:${port}`;
  if (error.code === "EADDRINUSE") {
    return new EngineError("ENGINE_PORT_IN_USE", `the health server cannot listen on ${place}: the port is taken`, {
      hint: "Stop what listens there, or set another [server.health] port (0 takes any free one).",
      cause: error,
    });
  }
  return new EngineError("ENGINE_PORT_UNUSABLE", `the health server cannot listen on ${place}: ${error.message}`, {
    hint: "Set [server.health] host to an address of this machine, and port to one this user may open.",
    cause: error,
  });
}

/** Lets answers in progress finish until `deadline`, then cuts what is left. */
async function close(server: Server, deadline: number): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeIdleConnections();
  await withTimeout(closed, Math.max(deadline - performance.now(), 0));
  server.closeAllConnections();
  await closed;
}

function addressOf(server: Server): HealthAddress | null {
  const address = server.address() as AddressInfo | null;
  if (address === null) return null;
  const { address: host, port } = address;
  return { host, port, url: `http://${bracketed(host)}:${port}` };
}

function bracketed(host: string): string {
  return host.includes(":") ? `[${host}]` : host;
}
