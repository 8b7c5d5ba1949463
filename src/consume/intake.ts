/** What comes into a subscription's hands: read, taken over from lost consumers, or its own again after a lost reply. */
import type { Logger } from "pino";
import type { Claimed, Consumer, Delivery } from "../ports/broker.ts";
import type { Clock } from "../ports/clock.ts";
import type { Capacity } from "./capacity.ts";
import type { Counts } from "./counts.ts";
import { failureOfMissing, type FailureSubject } from "./failure-record.ts";
import type { Holdings } from "./held.ts";
import { hold, type HoldOptions } from "./hold.ts";
import type { Schedule } from "./schedule.ts";

export interface Intake {
  /** Decodes and schedules; what is held already is left alone. */
  takeIn(deliveries: readonly Delivery[]): void;
  /** From lost consumers. Rejects when the trace of a missing entry cannot be left: it is pending still. */
  takeOver(claimed: Claimed): Promise<void>;
  /** Own deliveries whose reply was lost. Rejects as {@link takeOver} does. */
  takeBack(claimed: Claimed): Promise<void>;
}

export interface IntakeOptions {
  readonly consumer: Consumer;
  readonly holdings: Holdings;
  readonly schedule: Schedule;
  readonly capacity: Capacity;
  readonly counts: Counts;
  readonly clock: Clock;
  readonly log: Logger;
  readonly subject: FailureSubject;
  readonly holdOptions: HoldOptions;
}

export function createIntake(options: IntakeOptions): Intake {
  const { consumer, holdings, schedule, capacity, counts, log } = options;

  /** A lost one is on its way out: should its entry come again, after its group was made anew, it is another delivery. */
  function isInHand(delivery: Delivery): boolean {
    const known = holdings.get(delivery);
    return known !== undefined && !known.isLost;
  }

  function takeIn(deliveries: readonly Delivery[]): void {
    for (const delivery of deliveries) {
      if (isInHand(delivery)) continue;
      const held = hold(delivery, options.holdOptions);
      capacity.observeEntry(held.bytes);
      holdings.add(held);
      schedule.add(held);
    }
    schedule.pump();
  }

  async function bury(missing: Claimed["missing"]): Promise<void> {
    for (const entry of missing) {
      const failure = failureOfMissing(entry, options.clock.now(), options.subject);
      const result = await consumer.buryMissing(entry, JSON.stringify(failure));
      if (result !== "moved") continue;
      counts.add("missing", 1);
      log.error({ entryId: entry.entryId }, failure.error.message);
    }
  }

  return {
    takeIn,
    async takeOver({ deliveries, missing }) {
      if (deliveries.length > 0) {
        log.warn(
          { messages: deliveries.length, first: deliveries[0]?.entryId },
          "took over deliveries whose consumer was lost",
        );
        counts.add("claimed", deliveries.length);
      }
      takeIn(deliveries);
      await bury(missing);
    },
    async takeBack({ deliveries, missing }) {
      if (deliveries.length > 0)
        log.info(
          { messages: deliveries.length, first: deliveries[0]?.entryId },
          "found deliveries whose reply was lost",
        );
      takeIn(deliveries);
      await bury(missing);
    },
  };
}
