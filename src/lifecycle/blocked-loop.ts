/**
 * Whether a loop is blocked, judged from what a watcher sees at each of its own steps. Counted in steps, not by the
 * clock: a process that was stopped as a whole, or a machine that slept, has blocked nothing.
 *
 *   turning → (no turn for `reportAfterMs`) → reported → (no turn for `abortAfterMs`) → aborted
 *      └────────────── (a turn) ──────────────────┘
 */
export type LoopVerdict =
  | { readonly kind: "nothing" }
  | { readonly kind: "blocked"; readonly blockedMs: number }
  | { readonly kind: "turns_again"; readonly blockedMs: number }
  | { readonly kind: "abort"; readonly blockedMs: number };

export interface BlockedLoopOptions {
  readonly stepMs: number;
  readonly reportAfterMs: number;
  /** 0: never. */
  readonly abortAfterMs: number;
}

const NOTHING: LoopVerdict = { kind: "nothing" };

/** `step` is called every `stepMs` with the loop's count of turns. */
export function createBlockedLoop({ stepMs, reportAfterMs, abortAfterMs }: BlockedLoopOptions): {
  step(turns: number): LoopVerdict;
} {
  let lastTurns: number | null = null;
  let stillSteps = 0;
  let isReported = false;
  let isAborted = false;

  return {
    step(turns) {
      const blockedMs = stillSteps * stepMs;
      if (turns !== lastTurns) {
        const wasReported = isReported;
        lastTurns = turns;
        stillSteps = 0;
        isReported = false;
        isAborted = false;
        return wasReported ? { kind: "turns_again", blockedMs } : NOTHING;
      }
      stillSteps += 1;
      const stillMs = stillSteps * stepMs;
      if (isAborted) return NOTHING;
      if (abortAfterMs > 0 && stillMs >= abortAfterMs) {
        isAborted = true;
        return { kind: "abort", blockedMs: stillMs };
      }
      if (isReported || stillMs < reportAfterMs) return NOTHING;
      isReported = true;
      return { kind: "blocked", blockedMs: stillMs };
    },
  };
}
