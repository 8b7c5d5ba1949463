/**
 * Who runs the shop's broker while releases come and go, and the web shop that fills it: another program,
 * which knows nothing of the engine and writes plain entries.
 */
import { Redis } from "ioredis";
import type { Logger } from "pino";
import { createEngine, Domain, type ConfigInput, type Engine } from "domain-engine";
import type { MadeOrder } from "../../scripts/make-orders.ts";

export type Adapter = Engine["broker"];

export interface Place {
  readonly adapter: Adapter;
  readonly description: string;
  /** Removes what the demo wrote, and closes. */
  close(): Promise<void>;
}

export interface PlaceOptions {
  /** Null: the embedded broker. */
  readonly redisUrl: string | null;
  /** Every stream's name starts with it, and no one else's. */
  readonly streamPrefix: string;
  readonly log: Logger;
}

/** An engine without handlers: it holds the connection. */
export async function openPlace({ redisUrl, streamPrefix, log }: PlaceOptions): Promise<Place> {
  const broker: NonNullable<ConfigInput["brokers"]>[string] =
    redisUrl === null ? { provider: "memory" } : { provider: "redis", URI: redisUrl };
  const holder = await createEngine(
    new Domain("demo"),
    { brokers: { default: broker }, server: { health: { enabled: false }, start_timeout_seconds: 5 } },
    { logger: log },
  );
  await holder.start();
  return {
    adapter: holder.broker,
    description:
      redisUrl === null ? "the embedded broker" : `Redis at ${new URL(redisUrl).host}, streams ${streamPrefix}*`,
    async close() {
      if (redisUrl !== null) await removeKeys(redisUrl, streamPrefix);
      await holder.stop();
    },
  };
}

async function removeKeys(redisUrl: string, streamPrefix: string): Promise<void> {
  const redis = new Redis(redisUrl, { maxRetriesPerRequest: 2 });
  try {
    let cursor = "0";
    do {
      const [next, keys] = await redis.scan(cursor, "MATCH", `*${streamPrefix}*`, "COUNT", 1000);
      if (keys.length > 0) await redis.unlink(...keys);
      cursor = next;
    } while (cursor !== "0");
  } finally {
    redis.disconnect();
  }
}

const BATCH = 500;

export interface Placement {
  readonly stream: string;
  readonly orders: readonly MadeOrder[];
  readonly signal: AbortSignal;
}

/** Appends all orders, in order. */
export async function placeOrders(
  { broker }: Adapter,
  { stream, orders, signal }: Placement,
  onPlaced: (placed: number) => void,
): Promise<void> {
  for (let at = 0; at < orders.length; at += BATCH) {
    signal.throwIfAborted();
    const batch = orders.slice(at, at + BATCH);
    await broker.append(
      batch.map((order) => ({
        stream,
        fields: ["type", "OrderPlaced", "subject", order.orderId, "data", JSON.stringify(order)],
      })),
    );
    onPlaced(at + batch.length);
  }
}
