/** A subscription on a broker in memory, and the pieces to put one together by hand. */
import type { StandardSchemaV1 } from "@standard-schema/spec";
import { Writable } from "node:stream";
import { after } from "node:test";
import { pino, type Logger } from "pino";
import { createMemoryAdapter, type MemoryAdapter } from "../../../src/adapters/memory/adapter.ts";
import type { SubscriptionSettings } from "../../../src/config/settings.ts";
import type { Held } from "../../../src/consume/held.ts";
import { createSubscription, type Subscription } from "../../../src/consume/subscription.ts";
import { defineHandler, on } from "../../../src/domain/define-handler.ts";
import { Domain } from "../../../src/domain/domain.ts";
import { Event } from "../../../src/domain/elements.ts";
import type { EventHandlerOptions } from "../../../src/domain/handler-options.ts";
import type { HandlerContext } from "../../../src/domain/handler-context.ts";
import type { Message } from "../../../src/message/message.ts";
import type { Broker, Consumer, Delivery, DeliveryHistory } from "../../../src/ports/broker.ts";
import { createSemaphore, type Semaphore } from "../../../src/primitives/semaphore.ts";
import { systemClock } from "../../../src/primitives/system-clock.ts";

type Payload = Record<string, unknown>;

/** Any object fits. */
export const anyObject: StandardSchemaV1<Payload, Payload> = {
  "~standard": {
    version: 1,
    vendor: "test",
    validate: (value) =>
      typeof value === "object" && value !== null
        ? { value: value as Payload }
        : { issues: [{ message: "not an object" }] },
  },
};

export class Placed extends Event("Placed", anyObject, { key: "id" }) {}

export const STREAM = "order";
export const GROUP = "shop.Audit";

const SETTINGS: SubscriptionSettings = {
  subscriptionType: "stream",
  messagesPerTick: 100,
  concurrency: 4,
  blockingTimeoutMs: 50,
  maxRetries: 2,
  retryDelaySeconds: 0,
  retryMaxDelaySeconds: 0,
  handlerTimeoutSeconds: 0,
  claimIdleMs: 60_000,
  maxCrashes: 3,
  enableDlq: true,
  circuitBreakerThreshold: 1000,
  circuitBreakerResetSeconds: 60,
  dlqRetentionHours: 1,
  dlqAlertThreshold: 1,
};

export const NO_HISTORY: DeliveryHistory = { failures: 0, crashes: 0, isCrashProven: false, delayMs: 0 };

export function messageWith(key: string | undefined, entryId = "1-0"): Message {
  return {
    id: `id-${entryId}`,
    type: "Placed",
    source: "shop",
    stream: STREAM,
    entryId,
    key,
    correlationId: "c",
    headers: {},
    data: {},
  };
}

export function heldWith(overrides: Partial<Held> & { readonly entryId?: string } = {}): Held {
  const { entryId = "1-0", ...others } = overrides;
  const delivery: Delivery = { lane: "main", entryId, fields: ["type", "Placed", "data", "{}"], history: NO_HISTORY };
  const key = others.key ?? null;
  return {
    delivery,
    decoded: { kind: "message", message: messageWith(key ?? undefined, entryId) },
    key,
    bytes: 10,
    isSuspect: false,
    needsByteCheck: false,
    notBeforeMs: 0,
    isLost: false,
    running: null,
    ...others,
  };
}

/** Keeps what is logged. */
export class LogLines extends Writable {
  readonly lines: Record<string, unknown>[] = [];
  readonly logger: Logger = pino({ level: "debug" }, this);

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.lines.push(JSON.parse(chunk.toString("utf8")) as Record<string, unknown>);
    done();
  }

  has(text: string): boolean {
    return this.lines.some(({ msg }) => String(msg).includes(text));
  }
}

export type Handle = (event: Placed, context: HandlerContext) => unknown;

export interface WorldOptions {
  readonly handle: Handle;
  readonly settings?: Partial<SubscriptionSettings>;
  readonly handler?: Partial<Pick<EventHandlerOptions, "retryOn" | "deadLetterOn">>;
  /** What to put over the consumer's methods. */
  readonly over?: (real: Consumer) => Partial<Consumer>;
  readonly append?: Broker["append"];
  readonly redact?: (text: string) => string;
  readonly adapter?: MemoryAdapter;
  readonly name?: string;
  readonly suspectTurn?: Semaphore;
}

export interface World {
  readonly adapter: MemoryAdapter;
  readonly subscription: Subscription;
  readonly log: LogLines;
  /** Appends an entry for each key. */
  publish(...keys: string[]): Promise<readonly string[]>;
  start(): Promise<void>;
  /** As the engine does. */
  stop(
    timeoutMs?: number,
  ): Promise<{ readonly released: number; readonly cancelled: number; readonly finished: number }>;
  pending(): Promise<number | null>;
  depth(): Promise<number>;
  /** Reads everything as a consumer that is never heard of again. */
  loseAll(name?: string): Promise<readonly Delivery[]>;
}

export function createWorld(options: WorldOptions): World {
  const adapter = options.adapter ?? createMemoryAdapter("default");
  const log = new LogLines();
  const name = options.name ?? "Audit";
  const domain = new Domain("shop").register(
    defineHandler({ name, stream: STREAM, ...options.handler }, on(Placed, options.handle)),
  );
  const [model] = domain.model.subscriptions;
  if (!model) throw new Error("no subscription");
  const broker: Broker = {
    ...adapter.broker,
    append: options.append ?? adapter.broker.append,
    createConsumer: (address) => faulty(adapter.broker.createConsumer(address), options.over),
  };
  const subscription = createSubscription({
    model,
    broker,
    settings: { ...SETTINGS, ...options.settings },
    profile: "test",
    consumerName: "me",
    clock: systemClock,
    log: log.logger,
    redact: options.redact ?? ((text) => text),
    maxMessageBytes: 1_000_000,
    suspectTurn: options.suspectTurn ?? createSemaphore(1),
    prepare: () => ({ stream: "raised", fields: ["event", "{}"] }),
  });
  const address = { stream: STREAM, group: model.name };
  // A test that fails half way must not leave its loops running.
  after(() => subscription.drain(performance.now()));
  return {
    adapter,
    subscription,
    log,
    publish: (...keys) =>
      adapter.broker.append(
        keys.map((id) => ({
          stream: STREAM,
          fields: ["type", "Placed", "subject", id, "data", JSON.stringify({ id })],
        })),
      ),
    start: () => subscription.start(new AbortController().signal),
    async stop(timeoutMs = 5000) {
      const released = await subscription.quiet();
      const report = await subscription.drain(performance.now() + timeoutMs);
      return { ...report, released: report.released + released };
    },
    pending: async () => (await adapter.admin.inspect(address)).pending,
    depth: async () => (await adapter.deadLetters.depth(address)).depth,
    async loseAll(consumer = "lost") {
      const lost = adapter.broker.createConsumer({ ...address, consumer, startFrom: "0" });
      await lost.ensureGroups();
      return lost.read(1000, 0);
    },
  };
}

function faulty(real: Consumer, over?: (real: Consumer) => Partial<Consumer>): Consumer {
  const changes = over?.(real) ?? {};
  return new Proxy(real, {
    get(target, property) {
      const value: unknown = Reflect.get(Object.hasOwn(changes, property) ? changes : target, property);
      return typeof value === "function" ? (value as () => unknown).bind(target) : value;
    },
  });
}
