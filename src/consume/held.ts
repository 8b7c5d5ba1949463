import type { Delivery } from "../ports/broker.ts";
import type { Message } from "../message/message.ts";

/** What decoding an entry gave. Kept, because the key is needed before the message's turn to run. */
export type Decoded =
  | { readonly kind: "message"; readonly message: Message }
  | { readonly kind: "undecodable"; readonly error: Error };

/** A delivery in this process's hands, from its arrival until it is settled. */
export interface Held {
  /** Its history grows with every counted failure. */
  delivery: Delivery;
  decoded: Decoded;
  /** Messages of one key run one after another; null: it waits for nobody. */
  readonly key: string | null;
  readonly bytes: number;
  /** It was in the hands of a consumer that was lost: it runs alone, marked in the broker. */
  readonly isSuspect: boolean;
  /** Its text may hide bytes that are not UTF-8: they are looked at before it runs. */
  readonly needsByteCheck: boolean;
  /** Not before this instant of the monotonic clock, in ms: what is left of a backoff. 0: at once. */
  notBeforeMs: number;
  /** Another consumer holds it by now, or it was deleted: nothing is settled any more. */
  isLost: boolean;
  /** Set while its handler runs. */
  running: RunningHandler | null;
}

/** The part of a run that others may end. */
export interface RunningHandler {
  /** Aborts the handler's signal; its result no longer counts. */
  interrupt(reason: Error): void;
}

/** Lane and id: unique among what a subscription holds. */
function heldId({ lane, entryId }: Pick<Delivery, "lane" | "entryId">): string {
  return lane === "main" ? entryId : `r${entryId}`;
}

/** Everything a subscription holds, by lane and id. */
export interface Holdings {
  has(of: Pick<Delivery, "lane" | "entryId">): boolean;
  get(of: Pick<Delivery, "lane" | "entryId">): Held | undefined;
  /** In place of a lost one of the same id, if there is one. */
  add(held: Held): void;
  forget(held: Held): void;
  all(): Iterable<Held>;
  readonly size: number;
  readonly bytes: number;
}

/** A place that is emptied when its delivery is forgotten: outgrown tables of a `Map` stay for a while, with all they hold. */
interface Place {
  held: Held | null;
}

export function createHoldings(): Holdings {
  const places = new Map<string, Place>();
  let bytes = 0;
  return {
    has: (of) => places.has(heldId(of)),
    get: (of) => places.get(heldId(of))?.held ?? undefined,
    add(held) {
      const id = heldId(held.delivery);
      bytes += held.bytes - (places.get(id)?.held?.bytes ?? 0);
      places.set(id, { held });
    },
    forget(held) {
      const id = heldId(held.delivery);
      const place = places.get(id);
      if (place?.held !== held) return;
      place.held = null;
      places.delete(id);
      bytes -= held.bytes;
    },
    *all() {
      for (const { held } of places.values()) if (held) yield held;
    },
    get size() {
      return places.size;
    },
    get bytes() {
      return bytes;
    },
  };
}
