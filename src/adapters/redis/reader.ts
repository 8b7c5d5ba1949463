/**
 * The blocking reader of one consumer, on a connection of its own, watched: a read that outlives its deadline is on a
 * connection that only looks alive, and the connection is replaced.
 *
 *   polling → (BLOCK + max(5 s, 2 × BLOCK) passed) → replaced → polling
 *   polling → (connection lost) → failed: the client reconnects by itself; the caller backs off and reads again
 *   polling → (MOVED, ASK, or another server is known to serve the stream) → replaced, there
 */
import type { Logger } from "pino";
import { BrokerError } from "../../errors.ts";
import { sleep, TIMED_OUT, withTimeout } from "../../primitives/abort.ts";
import type { Connections } from "./connection.ts";
import { messageOf, redirectionOf, translated, type Redirection } from "./driver-errors.ts";
import type { StreamReply } from "./entries.ts";
import type { ReaderConnection } from "./topology.ts";

const WAKE_RETRY_MS = 10;
const WAKE_LIMIT_MS = 500;
const UNBLOCK_TIMEOUT_MS = 100;
/** A client that cannot reconnect for this long is thrown away: its state machine may be stuck. */
const STUCK_AFTER_MS = 30_000;

export interface Reader {
  /** Opens its connection; nothing is opened before. Throws when there are too many. */
  open(): void;
  /** XREADGROUP `>` on both lanes. */
  read(count: number, blockMs: number): Promise<readonly StreamReply[]>;
  wake(): Promise<void>;
  close(): void;
  readonly restarts: number;
  readonly isConnected: boolean;
}

export interface ReaderOptions {
  readonly connections: Connections;
  readonly group: string;
  readonly consumer: string;
  readonly streams: readonly [string, string];
  readonly log: Logger;
}

export function createReader(options: ReaderOptions): Reader {
  const { connections, group, consumer, streams, log } = options;
  let restarts = 0;
  let isReading = false;
  let wasWoken = false;
  let isClosed = false;
  let notReadySince: number | null = null;
  let readerId: number | null = null;
  let connection: ReaderConnection | null = null;
  /** It is on a server that takes the stream over, and answers for it when asked to. */
  let isAsking = false;

  function open(redirection: Redirection | null = null): ReaderConnection {
    isAsking = redirection?.kind === "ask";
    if (redirection?.kind === "moved") connections.noteMoved(streams[0], redirection.to);
    const asking = redirection?.kind === "ask" ? redirection.to : null;
    const reader = connections.openReader(`engine:reader:${consumer}`, streams[0], asking);
    const opened = reader.client;
    // The server's name for a connection, to unblock it by; a new one with every reconnection.
    opened.on("ready", () => {
      opened.client("ID").then(
        (id) => {
          if (opened === connection?.client) readerId = id;
        },
        (error: unknown) => log.debug({ reason: messageOf(error) }, "the reader's connection was lost again"),
      );
    });
    return reader;
  }

  async function unblock(): Promise<void> {
    if (readerId !== null) await connection?.neighbour()?.call("CLIENT", "UNBLOCK", readerId);
  }

  function replace(reason: string, redirection: Redirection | null = null): void {
    restarts += 1;
    notReadySince = null;
    readerId = null;
    log.warn({ reason, restarts }, "reader connection replaced");
    if (connection) connections.discard(connection.client);
    connection = open(redirection);
  }

  function connected(): ReaderConnection {
    if (isClosed) throw new BrokerError("the reader is closed", { isTransient: false });
    connection ??= open();
    return connection;
  }

  function isReady(): boolean {
    return connection?.client.status === "ready";
  }

  async function whenReady(): Promise<void> {
    if (connection?.isCurrent() === false) replace("another server serves the stream");
    if (isReady()) {
      notReadySince = null;
      return;
    }
    notReadySince ??= performance.now();
    if (connection?.client.status === "end" || performance.now() - notReadySince > STUCK_AFTER_MS) {
      replace(`stuck in ${connection?.client.status}`);
    }
    const giveUpAt = performance.now() + 1000;
    while (!isReady() && !wasWoken && performance.now() < giveUpAt) await sleep(5);
    if (!isReady() && !wasWoken) {
      connections.refresh();
      throw new BrokerError(`the reader is ${connection?.client.status}, not ready`, { isTransient: true });
    }
    notReadySince = null;
  }

  async function send(count: number, blockMs: number): Promise<readonly StreamReply[]> {
    const { client } = connected();
    const block = blockMs > 0 ? (["BLOCK", blockMs] as const) : [];
    const watchdogMs = blockMs + Math.max(5000, 2 * blockMs);
    // Good for the next command alone; its own failure would be that command's too.
    if (isAsking) client.asking().catch(() => undefined);
    const reply = await withTimeout(
      client.call("XREADGROUP", "GROUP", group, consumer, "COUNT", count, ...block, "STREAMS", ...streams, ">", ">"),
      watchdogMs,
    );
    if (reply === TIMED_OUT) {
      replace(`no answer within ${watchdogMs} ms`);
      throw new BrokerError("the reader's connection stopped answering", { isTransient: true });
    }
    return (reply as StreamReply[] | null) ?? [];
  }

  return {
    open() {
      connected();
    },
    async read(count, blockMs) {
      return translated(async () => {
        isReading = true;
        wasWoken = false;
        try {
          connected();
          await whenReady();
          // Woken before there was anything on the server to unblock.
          return wasWoken ? [] : await send(count, blockMs);
        } catch (error) {
          const redirection = redirectionOf(error);
          if (redirection !== null && !isClosed) replace(messageOf(error), redirection);
          throw error;
        } finally {
          isReading = false;
        }
      });
    },
    async wake() {
      wasWoken = true;
      const giveUpAt = performance.now() + WAKE_LIMIT_MS;
      // The read may be on its way to the server still: unblocking it then does nothing, so ask again.
      while (isReading && performance.now() < giveUpAt) {
        await withTimeout(unblock(), UNBLOCK_TIMEOUT_MS).catch((error: unknown) => {
          log.debug({ reason: messageOf(error) }, "could not unblock the reader");
        });
        if (isReading) await sleep(WAKE_RETRY_MS);
      }
      // The server does not answer: hang up, so that the read ends.
      if (isReading) connection?.client.disconnect(true);
    },
    close() {
      isClosed = true;
      if (connection) connections.discard(connection.client);
    },
    get restarts() {
      return restarts;
    },
    get isConnected() {
      return !isClosed && isReady();
    },
  };
}
