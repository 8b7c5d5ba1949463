/** Waits for a condition in place of a bare sleep: ends as soon as it holds, and fails by saying what never came. */
import { setTimeout as delay } from "node:timers/promises";

export interface UntilOptions {
  /** Generous: other work shares the machine. Only a test that fails takes so long. */
  readonly limitMs?: number;
  readonly everyMs?: number;
  /** Says how things stand, for the error. */
  readonly state?: () => unknown;
}

/** The first value of `probe` that is neither false, null nor undefined. Rejects after `limitMs`, naming `what`. */
export async function until<T>(
  what: string,
  probe: () => T | false | null | undefined | Promise<T | false | null | undefined>,
  { limitMs = 60_000, everyMs = 20, state }: UntilOptions = {},
): Promise<T> {
  const giveUpAt = performance.now() + limitMs;
  for (;;) {
    const value = await probe();
    if (value !== false && value !== null && value !== undefined) return value;
    if (performance.now() > giveUpAt) {
      const known = state === undefined ? "" : `; it stands at ${JSON.stringify(await state())}`;
      throw new Error(`not within ${limitMs} ms: ${what}${known}`);
    }
    await delay(everyMs);
  }
}
