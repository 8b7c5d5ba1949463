import { createDeferred } from "../../primitives/deferred.ts";
import type { Streams } from "./streams.ts";

/** How one reader waits for entries on its streams. */
export interface ReadWait {
  /**
   * Asks `take` after every change of the streams until it gives something other than null; an empty list after `blockMs`
   * of real time, or after {@link end}. What `take` throws is thrown on.
   */
  until<T>(blockMs: number, take: () => T[] | null): Promise<T[]>;
  /** Ends a waiting `until` at once. Without one it does nothing. */
  end(): void;
}

export function createReadWait(streams: Streams, watched: readonly string[]): ReadWait {
  let end = (): void => undefined;

  return {
    async until(blockMs, take) {
      let isOver = false;
      let change = createDeferred();
      const finish = (): void => {
        isOver = true;
        change.resolve();
      };
      const timer = setTimeout(finish, blockMs);
      const unwatch = watched.map((name) => streams.watch(name, () => change.resolve()));
      end = finish;
      try {
        for (;;) {
          await change.promise;
          change = createDeferred();
          const found = take();
          if (found !== null) return found;
          if (isOver) return [];
        }
      } finally {
        clearTimeout(timer);
        for (const stop of unwatch) stop();
        end = () => undefined;
      }
    },
    end: () => end(),
  };
}
