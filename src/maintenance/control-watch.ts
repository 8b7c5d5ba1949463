/**
 * Carries what operators ordered to the subscriptions of this process: one command every two seconds, however many
 * subscriptions there are. While the broker does not answer, the last known orders stay in force.
 */
import type { Logger } from "pino";
import type { Control, Pause, PauseMark } from "../ports/control.ts";
import { createPeriodicService, type PeriodicService } from "./periodic.ts";

const INTERVAL_MS = 2000;

/** A subscription, as far as this is concerned. */
export interface Pausable {
  readonly model: { readonly name: string };
  setPause(mark: PauseMark | null): Promise<void>;
}

export interface ControlWatch extends PeriodicService {
  /** Asks, and has it done. Rejects when the broker does not answer. */
  runOnce(): Promise<void>;
  /** Pauses a subscription in this process, whatever the broker says; null takes that back, and no other order. */
  setOwn(subscription: string, mark: PauseMark | null): Promise<void>;
}

export interface ControlWatchOptions {
  readonly control: Control;
  /** See `controlName`. */
  readonly name: string;
  /** This process's name in the consumer groups. */
  readonly consumerName: string;
  readonly subscriptions: readonly Pausable[];
  readonly log: Logger;
}

export function createControlWatch(options: ControlWatchOptions): ControlWatch {
  const { control, name, consumerName, subscriptions, log } = options;
  /** What code of this process ordered. */
  const own = new Map<string, PauseMark>();
  let ordered: readonly Pause[] = [];
  let isFailing = false;

  /** The whole fleet's pause comes before that of this process. */
  function markOf(subscription: string): PauseMark | null {
    const mine = ordered.filter((pause) => pause.subscription === subscription);
    const pause =
      mine.find(({ consumer }) => consumer === null) ?? mine.find(({ consumer }) => consumer === consumerName);
    if (pause === undefined) return own.get(subscription) ?? null;
    const { by, at, reason } = pause;
    return { by, at, reason };
  }

  async function apply(): Promise<void> {
    await Promise.all(subscriptions.map((each) => each.setPause(markOf(each.model.name))));
  }

  async function ask(): Promise<void> {
    ordered = subscriptions.length === 0 ? [] : await control.list(name);
    await apply();
  }

  /** Every two seconds: an outage is worth one line. */
  async function poll(): Promise<void> {
    try {
      await ask();
      isFailing = false;
    } catch (error) {
      log[isFailing ? "debug" : "warn"](
        { err: error },
        "pauses could not be asked for: what was ordered before stays in force",
      );
      isFailing = true;
    }
  }

  async function leave(): Promise<void> {
    // Its name never comes again: an order for it would stay for ever.
    const places = ordered.filter(({ consumer }) => consumer === consumerName);
    if (places.length > 0) await control.resume(name, places);
  }

  const service = createPeriodicService({
    name: "control watch",
    intervalMs: INTERVAL_MS,
    log,
    runOnce: poll,
  });
  return {
    ...service,
    runOnce: ask,
    async stop(deadline) {
      await service.stop(deadline);
      await leave();
    },
    async setOwn(subscription, mark) {
      if (mark === null) own.delete(subscription);
      else own.set(subscription, mark);
      await apply();
    },
  };
}
