import { createDeferred, type Deferred } from "./deferred.ts";

/** Lets `permits` holders in at once; the others wait their turn, first come first served. */
export interface Semaphore {
  /** Waits for a permit. The returned function gives it back; calling it twice is harmless. */
  acquire(): Promise<() => void>;
}

export function createSemaphore(permits: number): Semaphore {
  let free = permits;
  const waiting: Deferred<void>[] = [];

  function release(): void {
    const next = waiting.shift();
    if (next) next.resolve();
    else free += 1;
  }

  return {
    async acquire() {
      if (free > 0) free -= 1;
      else {
        const turn = createDeferred();
        waiting.push(turn);
        await turn.promise;
      }
      let isHeld = true;
      return () => {
        if (!isHeld) return;
        isHeld = false;
        release();
      };
    },
  };
}
