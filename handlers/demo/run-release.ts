/** One release at work: started, watched until everything is done, stopped. */
import type { Logger } from "pino";
import { createEngine, defineConfig, type Engine, type SubscriptionStatus } from "domain-engine";
import type { Adapter } from "./place.ts";
import type { Release } from "./release.ts";
import type { Bars, Screen } from "./screen.ts";

export interface Run {
  readonly subscriptions: readonly SubscriptionStatus[];
  readonly durationMs: number;
}

export interface RunInput {
  readonly release: Release;
  readonly adapter: Adapter;
  readonly screen: Screen;
  readonly log: Logger;
  readonly signal: AbortSignal;
  /** Label of the first bar, which `feed` moves, and how far that goes. */
  readonly feedLabel: string;
  readonly feedTotal: number;
  /** Gives the release its work, once it runs. */
  readonly feed: (onFed: (count: number) => void) => Promise<unknown>;
}

/** The demo's retries are quick, so that nobody waits for them. `production` alone would begin with a second. */
const CONFIG = defineConfig({
  server: {
    health: { enabled: false },
    dlq: { enabled: false },
    defaults: { retry_delay_seconds: 0.1, retry_max_delay_seconds: 1 },
  },
});

const REFRESH_MS = 100;

export async function runRelease(input: RunInput): Promise<Run> {
  const { release, adapter, screen, log, feed, signal } = input;
  const engine = await createEngine(release.domain, CONFIG, { brokers: { default: adapter }, logger: log });
  const startedMs = performance.now();
  await engine.start();
  const handlers = engine.status().subscriptions.map(({ handlerName }) => handlerName);
  const bars = screen.bars([input.feedLabel, ...handlers]);
  let fed = 0;
  const show = (isDone: boolean): void => showProgress(bars, engine, { ...input, fed, isDone });
  const timer = setInterval(() => show(false), REFRESH_MS);
  try {
    await feed((count) => void (fed = count));
    const result = await engine.whenIdle(signal);
    signal.throwIfAborted();
    if (result.kind !== "drained") throw new Error(`the release did not come to rest: ${result.kind}`);
    const durationMs = performance.now() - startedMs;
    return { subscriptions: engine.status().subscriptions, durationMs };
  } finally {
    clearInterval(timer);
    show(true);
    bars.stop();
    await engine.stop();
  }
}

interface ProgressInput {
  readonly feedLabel: string;
  readonly feedTotal: number;
  readonly fed: number;
  readonly isDone: boolean;
}

function showProgress(bars: Bars, engine: Engine, { feedLabel, feedTotal, fed, isDone }: ProgressInput): void {
  bars.update(feedLabel, fed, feedTotal);
  for (const { handlerName, counts } of engine.status().subscriptions) {
    const done = counts.succeeded + counts.deadLettered;
    bars.update(handlerName, done, isDone ? done : feedTotal);
  }
}

export function showSummary(screen: Screen, { subscriptions, durationMs }: Run): void {
  const rows = subscriptions.map(({ handlerName, counts }) => {
    return [handlerName, counts.succeeded, counts.retried, counts.deadLettered] as const;
  });
  const handled = rows.reduce((sum, [, succeeded, , deadLettered]) => sum + succeeded + deadLettered, 0);
  screen.line();
  screen.table(["handler", "processed", "retried", "dead-lettered"], rows);
  const seconds = durationMs / 1000;
  const rate = Math.round(handled / seconds);
  screen.line(
    `  ${handled.toLocaleString("en-US")} messages in ${seconds.toFixed(1)} s: ` +
      screen.style("bold", `${rate.toLocaleString("en-US")} per second`),
  );
}
