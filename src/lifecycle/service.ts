/**
 * A part of the engine that is started and stopped.
 *
 * `start` resolves when the part is ready, and rejects when it cannot be. `stop` is safe before `start`, twice, and
 * concurrently (every caller gets the same promise); it gives up what is left at `deadline` and resolves all the same.
 * A service that cannot be stopped cleanly rejects: the others are stopped regardless.
 */
export interface Service {
  readonly name: string;
  start(signal: AbortSignal): Promise<void>;
  /** `deadline`: an instant on the monotonic clock (`performance.now()`), in ms. */
  stop(deadline: number): Promise<void>;
}
