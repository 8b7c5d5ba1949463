/** An engine inside the test, on a Redis of its own: handlers that keep count, and its log as objects. */
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
import { createLogger } from "../../src/telemetry/log.ts";

export class Noted extends Event("Noted", z.object({ n: z.number() })) {}

/** Everything the rigs' engines log, parsed. */
export interface LogLine {
  readonly level: string;
  readonly msg: string;
  readonly [field: string]: unknown;
}

/** Runs of a handler: which numbers, how often, in order. */
export class Runs {
  readonly all: { readonly n: number; readonly attempt: number; readonly entryId: string; readonly atMs: number }[] =
    [];
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
  counts(
    handler: string,
  ): Engine["status"] extends () => infer S
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
    lines: (message, level) =>
      log.filter((line) => message.test(line.msg) && (level === undefined || line.level === level)),
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
