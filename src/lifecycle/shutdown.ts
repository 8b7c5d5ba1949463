/** Ordered shutdown: named steps, each with its budget; one that fails does not stop the rest. */
import type { Logger } from "pino";
import { TIMED_OUT, withTimeout } from "../primitives/abort.ts";
import type { ShutdownStep } from "./report.ts";

export interface PlannedStep {
  readonly name: string;
  /** ms; afterwards the next step begins, whether or not this one has ended. */
  readonly budgetMs: number;
  readonly run: () => Promise<unknown>;
}

/** Runs the steps one after another. Never rejects. */
export async function runShutdown(steps: readonly PlannedStep[], log: Logger): Promise<readonly ShutdownStep[]> {
  const done: ShutdownStep[] = [];
  for (const step of steps) {
    const result = await runStep(step);
    done.push(result);
    const { error, ...facts } = result;
    if (result.outcome === "ok") log.debug(facts, `shutdown: ${step.name}`);
    else
      log.error(
        { ...facts, reason: error },
        `shutdown: ${step.name} ${result.outcome === "failed" ? "failed" : "took too long"}`,
      );
  }
  return done;
}

async function runStep({ name, budgetMs, run }: PlannedStep): Promise<ShutdownStep> {
  const startedMs = performance.now();
  const durationMs = (): number => Math.round(performance.now() - startedMs);
  try {
    const result = await withTimeout(run(), budgetMs);
    return { name, outcome: result === TIMED_OUT ? "timed_out" : "ok", budgetMs, durationMs: durationMs() };
  } catch (error) {
    return {
      name,
      outcome: "failed",
      budgetMs,
      durationMs: durationMs(),
      error: error instanceof Error ? error.message : String(error),
    };
  }
}

/** Waits for all, also when one fails: what comes next must not begin while others are still at it. Then rejects with the first failure. */
export async function everyOne<T>(all: readonly Promise<T>[]): Promise<readonly T[]> {
  await Promise.allSettled(all);
  return Promise.all(all);
}
