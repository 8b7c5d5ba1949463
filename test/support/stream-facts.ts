/** Streams seen from outside the engine: what a producer appends, and what stands on the server. */
import { Redis } from "ioredis";
import { compareEntryIds } from "../../src/message/entry-id.ts";
import { until } from "./until.ts";

/** A connection of the test's own, that waits out restarts. */
export function openControl(url: string): Redis {
  const redis = new Redis(url, { maxRetriesPerRequest: null, retryStrategy: () => 50 });
  redis.on("error", () => undefined);
  return redis;
}

/** Appends Noted entries numbered `from` … `from + count - 1`, as any producer may. Resolves to their ids. */
export async function append(redis: Redis, stream: string, from: number, count: number): Promise<string[]> {
  const pipeline = redis.pipeline();
  for (let n = from; n < from + count; n += 1)
    pipeline.xadd(stream, "*", "type", "Noted", "data", JSON.stringify({ n }));
  return ((await pipeline.exec()) ?? []).map(([error, id]) => {
    if (error) throw error;
    return id as string;
  });
}

export interface Load {
  /** Resolves to the numbers whose append was acknowledged. */
  stop(): Promise<number[]>;
  readonly acknowledged: readonly number[];
  /** Appends that failed. */
  readonly refused: number;
}

/** Appends a few entries every few milliseconds, never one twice, whatever the server says. */
export function startLoad(url: string, stream: string, from = 0): Load {
  const client = new Redis(url, {
    maxRetriesPerRequest: 0,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    commandTimeout: 3000,
    retryStrategy: () => 50,
  });
  client.on("error", () => undefined);
  const acknowledged: number[] = [];
  let refused = 0;
  let isStopping = false;
  let n = from;

  async function run(): Promise<void> {
    while (!isStopping) {
      const numbers = Array.from({ length: 5 }, () => n++);
      const data = numbers.map((each) =>
        client.xadd(stream, "*", "type", "Noted", "data", JSON.stringify({ n: each })),
      );
      for (const [index, result] of (await Promise.allSettled(data)).entries()) {
        if (result.status === "fulfilled") acknowledged.push(numbers[index] ?? -1);
        else refused += 1;
      }
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  const running = run();
  return {
    async stop() {
      isStopping = true;
      await running;
      client.disconnect();
      return acknowledged;
    },
    acknowledged,
    get refused() {
      return refused;
    },
  };
}

/** The numbers of all entries that are in the stream. */
export async function numbersIn(redis: Redis, stream: string): Promise<number[]> {
  const entries = await redis.xrange(stream, "-", "+");
  return entries.map(([, fields]) => (JSON.parse(fields[3] ?? "{}") as { n: number }).n);
}

export async function pendingOf(redis: Redis, stream: string, group: string): Promise<number> {
  return ((await redis.xpending(stream, group)) as [number])[0];
}

/** Until the group has everything and holds nothing. */
export async function drained(redis: Redis, stream: string, group: string): Promise<void> {
  const state = async (): Promise<Record<string, unknown> | null> => {
    const groups = ((await redis.xinfo("GROUPS", stream).catch(() => [])) as unknown[][]).map((flat) =>
      Object.fromEntries(flat.flatMap((name, at) => (at % 2 === 0 ? [[String(name), flat[at + 1]]] : []))),
    );
    return groups.find(({ name }) => name === group) ?? null;
  };
  await until(
    `${group} is drained`,
    async () => {
      const [found, newest] = [await state(), (await redis.xrevrange(stream, "+", "-", "COUNT", 1))[0]?.[0]];
      return (
        found?.["pending"] === 0 &&
        (newest === undefined || compareEntryIds(String(found["last-delivered-id"]), newest) >= 0)
      );
    },
    { limitMs: 30_000, state },
  );
}

export interface DeadLetterEntry {
  readonly id: string;
  /** The original's fields. */
  readonly fields: readonly string[];
  readonly n: number | null;
  readonly failure: Record<string, unknown> & { readonly error: Record<string, unknown> };
}

/** What stands in a subscription's dead-letter stream, as it is on the server. */
export async function deadLetters(redis: Redis, stream: string, group: string): Promise<DeadLetterEntry[]> {
  const entries = await redis.xrange(`{${stream}}:dlq:${group}`, "-", "+");
  return entries.map(([id, fields]) => {
    const original = fields.slice(0, -2);
    const at = original.indexOf("data");
    return {
      id,
      fields: original,
      n: at < 0 ? null : numberOf(original[at + 1] ?? ""),
      failure: JSON.parse(fields.at(-1) ?? "{}") as DeadLetterEntry["failure"],
    };
  });
}

function numberOf(data: string): number | null {
  try {
    return (JSON.parse(data) as { n: number }).n;
  } catch {
    return null;
  }
}

/** A field of `INFO`. */
export async function infoOf(redis: Redis, section: string, field: string): Promise<string> {
  return new RegExp(`^${field}:(.*?)\\r?$`, "m").exec(await redis.info(section))?.[1] ?? "";
}
