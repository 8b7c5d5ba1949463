/**
 * The blocking reader of one consumer, on a connection of its own, watched: a read that outlives its deadline is on a
 * connection that only looks alive, and the connection is replaced.
 *
 *   polling → (BLOCK + max(5 s, 2 × BLOCK) passed) → replaced → polling
 *   polling → (connection lost) → failed: the client reconnects by itself; the caller backs off and reads again
 */
import type { Redis } from "ioredis";
import type { Logger } from "pino";
import { BrokerError } from "../../errors.ts";
import { sleep, TIMED_OUT, withTimeout } from "../../primitives/abort.ts";
import type { Connections } from "./connection.ts";
import { messageOf, translated } from "./driver-errors.ts";
import type { StreamReply } from "./entries.ts";

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
  let client: Redis | null = null;

  function open(): Redis {
    const opened = connections.openReader(`engine:reader:${consumer}`);
    // The server's name for a connection, to unblock it by; a new one with every reconnection.
    opened.on("ready", () => {
      opened.client("ID").then(
        (id) => {
          if (opened === client) readerId = id;
        },
        (error: unknown) => log.debug({ reason: messageOf(error) }, "the reader's connection was lost again"),
      );
    });
    return opened;
  }

  async function unblock(): Promise<void> {
    if (readerId !== null) await connections.command.call("CLIENT", "UNBLOCK", readerId);
  }

  function replace(reason: string): void {
    restarts += 1;
    notReadySince = null;
    log.warn({ reason, restarts }, "reader connection replaced");
    if (client) connections.discard(client);
    client = open();
  }

  function connected(): Redis {
    if (isClosed) throw new BrokerError("the reader is closed", { isTransient: false });
    client ??= open();
    return client;
  }

  function isReady(): boolean {
    return client?.status === "ready";
  }

  async function whenReady(): Promise<void> {
    if (isReady()) {
      notReadySince = null;
      return;
    }
    notReadySince ??= performance.now();
    if (client?.status === "end" || performance.now() - notReadySince > STUCK_AFTER_MS) {
      replace(`stuck in ${client?.status}`);
    }
    const giveUpAt = performance.now() + 1000;
    while (!isReady() && !wasWoken && performance.now() < giveUpAt) await sleep(5);
    if (!isReady() && !wasWoken) {
      throw new BrokerError(`the reader is ${client?.status}, not ready`, { isTransient: true });
    }
    notReadySince = null;
  }

  async function send(count: number, blockMs: number): Promise<readonly StreamReply[]> {
    const block = blockMs > 0 ? (["BLOCK", blockMs] as const) : [];
    const watchdogMs = blockMs + Math.max(5000, 2 * blockMs);
    const reply = await withTimeout(
      connected().call(
        "XREADGROUP",
        "GROUP",
        group,
        consumer,
        "COUNT",
        count,
        ...block,
        "STREAMS",
        ...streams,
        ">",
        ">",
      ),
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
      if (isReading) client?.disconnect(true);
    },
    close() {
      isClosed = true;
      if (client) connections.discard(client);
    },
    get restarts() {
      return restarts;
    },
    get isConnected() {
      return !isClosed && isReady();
    },
  };
}
