/**
 * Waits that end early.
 *
 * Every wait in the engine takes an `AbortSignal`; these are the only places that pair a timer with one.
 */

/**
 * Resolves after `delayMs`, or as soon as `signal` aborts: never rejects, so that loops end
 * by looking at their signal. Returns true when the whole delay passed.
 */
export function sleep(delayMs: number, signal?: AbortSignal): Promise<boolean> {
  if (signal?.aborted) return Promise.resolve(false);
  return new Promise((resolve) => {
    const onAbort = (): void => {
      clearTimeout(timer);
      resolve(false);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", onAbort);
      resolve(true);
    }, delayMs);
    signal?.addEventListener("abort", onAbort, { once: true });
  });
}

/** What {@link withTimeout} answers when the time ran out first. */
export const TIMED_OUT: unique symbol = Symbol("timed out");

/**
 * The promise's value, or {@link TIMED_OUT} after `timeoutMs`. A rejection passes through;
 * one that comes after the timeout is dropped (it has been given up, not swallowed).
 */
export async function withTimeout<T>(promise: Promise<T>, timeoutMs: number): Promise<T | typeof TIMED_OUT> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<typeof TIMED_OUT>((resolve) => {
    timer = setTimeout(() => resolve(TIMED_OUT), timeoutMs);
  });
  try {
    return await Promise.race([promise, timeout]);
  } finally {
    clearTimeout(timer);
    promise.catch(() => undefined);
  }
}

/** Resolves when `signal` aborts; at once when it has. */
export function whenAborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}
