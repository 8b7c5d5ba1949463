/** An engine inside the test, on a Redis of its own: handlers that keep count, its log as objects, and a connection to look behind it. */
import { Redis } from "ioredis";
import { z } from "zod";
import {
  createEngine,
  defineHandler,
  Domain,
  Event,
  on,
  resolveConfig,
  type ConfigInput,
  type Engine,
  type HandlerContext,
  type StartFrom,
  type SubscriptionOverrides,
} from "../../src/index.ts";
import { compareEntryIds } from "../../src/message/entry-id.ts";
import { createLogger } from "../../src/telemetry/log.ts";
import { until } from "./until.ts";

export class Noted extends Event("Noted", z.object({ n: z.number() })) {}

/** Everything the rigs' engines log, parsed. */
export interface LogLine {
  readonly level: string;
  readonly msg: string;
  readonly [field: string]: unknown;
}

/** Runs of a handler: which numbers, how often, in order. */
export class Runs {
  readonly all: { readonly n: number; readonly attempt: number; readonly entryId: string; readonly atMs: number }[] = [];
  readonly #counts = new Map<number, number>();

  note(n: number, { attempt, message }: HandlerContext): void {
    this.all.push({ n, attempt, entryId: message.entryId, atMs: performance.now() });
    this.#counts.set(n, this.of(n) + 1);
  }

  of(n: number): number {
    return this.#counts.get(n) ?? 0;
  }

  get distinct(): number {
    return this.#counts.size;
  }

  missingOf(numbers: Iterable<number>): number[] {
    return [...numbers].filter((n) => this.of(n) === 0);
  }

  get repeated(): number[] {
    return [...this.#counts].filter(([, count]) => count > 1).map(([n]) => n);
  }
}

export interface RigHandler {
  readonly name: string;
  readonly stream: string;
  readonly config?: SubscriptionOverrides;
  readonly startFrom?: StartFrom;
  /** After the run was counted. */
  readonly handle?: (event: Noted, context: HandlerContext) => unknown;
}

export interface RigOptions {
  readonly url: string;
  readonly handlers: readonly RigHandler[];
  /** Over quick settings. */
  readonly config?: ConfigInput;
  /** Where relative paths of the configuration start. */
  readonly directory?: string;
}

export interface Rig {
  readonly engine: Engine;
  readonly domain: Domain;
  readonly log: readonly LogLine[];
  runsOf(handler: string): Runs;
  /** Lines whose message matches, of that level if one is given. */
  lines(message: RegExp, level?: string): LogLine[];
  counts(handler: string): Engine["status"] extends () => infer S
    ? S extends { readonly subscriptions: readonly (infer One)[] }
      ? One extends { readonly counts: infer C }
        ? C
        : never
      : never
    : never;
  health(path: string): Promise<{ readonly status: number; readonly body: HealthAnswerBody; readonly tookMs: number }>;
}

export interface HealthAnswerBody {
  readonly status: string;
  readonly reason?: string;
  readonly checks: {
    readonly shutting_down: boolean;
    readonly brokers: Readonly<Record<string, string | null>>;
    readonly subscriptions: { readonly details: readonly Record<string, unknown>[] };
  };
}

/** Lets delays of retries be short and outages no reason for an open circuit. */
const QUICK: NonNullable<NonNullable<ConfigInput["server"]>["defaults"]> = {
  blocking_timeout_ms: 200,
  claim_idle_ms: 60_000,
  max_retries: 2,
  retry_delay_seconds: 0.02,
  retry_max_delay_seconds: 0.1,
  circuit_breaker_threshold: 1_000_000,
};

/** Makes an engine without starting it. Nothing of it is left open once `engine.stop()` has resolved. */
export async function createRig({ url, handlers, config = {}, directory = "." }: RigOptions): Promise<Rig> {
  const log: LogLine[] = [];
  const runs = new Map(handlers.map(({ name }) => [name, new Runs()]));
  const domain = new Domain("shop");
  domain.aggregate("Note", { category: "note", events: [Noted] });
  for (const { name, stream, config: subscriptionConfig, startFrom, handle } of handlers) {
    domain.register(
      defineHandler(
        {
          name,
          stream,
          ...(subscriptionConfig ? { subscriptionConfig } : {}),
          ...(startFrom === undefined ? {} : { startFrom }),
        },
        on(Noted, async (event, context) => {
          runs.get(name)?.note(event.n, context);
          await handle?.(event, context);
        }),
      ),
    );
  }
  const destination = { write: (line: string): void => void log.push(JSON.parse(line) as LogLine) };
  const logger = createLogger({ level: "debug", format: "json", destination });
  const engine = await createEngine(domain, resolveConfig(withQuick(url, config), directory), { logger });
  return {
    engine,
    domain,
    log,
    runsOf: (handler) => runs.get(handler) ?? new Runs(),
    lines: (message, level) => log.filter((line) => message.test(line.msg) && (level === undefined || line.level === level)),
    counts(handler) {
      const found = engine.status().subscriptions.find(({ handlerName }) => handlerName === handler);
      if (!found) throw new Error(`no handler ${handler}`);
      return found.counts;
    },
    async health(path) {
      const startedMs = performance.now();
      const response = await fetch(`${engine.healthUrl}${path}`, { signal: AbortSignal.timeout(10_000) });
      const body = (await response.json()) as HealthAnswerBody;
      return { status: response.status, body, tookMs: performance.now() - startedMs };
    },
  };
}

export async function startRig(options: RigOptions): Promise<Rig> {
  const rig = await createRig(options);
  await rig.engine.start();
  return rig;
}

function withQuick(url: string, config: ConfigInput): ConfigInput {
  return {
    ...config,
    brokers: config.brokers ?? { default: { provider: "redis", URI: url } },
    server: {
      shutdown_timeout_seconds: 2,
      ...config.server,
      health: { enabled: false, ...config.server?.health },
      defaults: { ...QUICK, ...config.server?.defaults },
    },
  };
}

/** A connection of the test's own, that waits out restarts. */
export function openControl(url: string): Redis {
  const redis = new Redis(url, { maxRetriesPerRequest: null, retryStrategy: () => 50 });
  redis.on("error", () => undefined);
  return redis;
}

/** Appends Noted entries numbered `from` … `from + count - 1`, as any producer may. Resolves to their ids. */
export async function append(redis: Redis, stream: string, from: number, count: number): Promise<string[]> {
  const pipeline = redis.pipeline();
  for (let n = from; n < from + count; n += 1) pipeline.xadd(stream, "*", "type", "Noted", "data", JSON.stringify({ n }));
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
      const data = numbers.map((each) => client.xadd(stream, "*", "type", "Noted", "data", JSON.stringify({ n: each })));
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
      return found?.["pending"] === 0 && (newest === undefined || compareEntryIds(String(found["last-delivered-id"]), newest) >= 0);
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
