/** What a shutdown did, step by step: logged, and printed by the command line. */
export interface ShutdownStep {
  readonly name: string;
  readonly outcome: "ok" | "failed" | "timed_out";
  /** The most it may have taken, in ms: the sum over all steps is the longest a shutdown lasts. */
  readonly budgetMs: number;
  readonly durationMs: number;
  readonly error?: string;
}

export interface ShutdownReport {
  readonly steps: readonly ShutdownStep[];
  readonly durationMs: number;
  /** Handlers that finished during the drain. */
  readonly finished: number;
  /** Handlers whose signal was aborted at the deadline; their messages stay pending for another consumer. */
  readonly cancelled: number;
  /** Messages handed back unfinished, claimable at once. */
  readonly released: number;
}
