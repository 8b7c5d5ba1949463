/**
 * Two beats beside the read loop: renewing the lease on what is held, and taking over what other consumers lost.
 * Neither ends by an error; both go on during a drain as far as they make sense.
 */
import type { Logger } from "pino";
import { BrokerError } from "../errors.ts";
import type { Claimed, Consumer, Delivery } from "../ports/broker.ts";
import { sleep } from "../primitives/abort.ts";

const MAX_CLAIM_INTERVAL_MS = 5000;

export interface LeaseOptions {
  readonly consumer: Consumer;
  readonly claimIdleMs: number;
  readonly log: Logger;
}

export interface RenewalOptions extends LeaseOptions {
  readonly held: () => readonly Delivery[];
  readonly onLost: (lost: readonly Delivery[]) => void;
  /** Aborts when nothing is held any more. */
  readonly signal: AbortSignal;
}

/** Renews three times within a lease. A renewal that fails is tried again at the next beat. */
export async function runRenewal(options: RenewalOptions): Promise<void> {
  const { consumer, log, signal } = options;
  while (await sleep(options.claimIdleMs / 3, signal)) {
    const held = options.held();
    if (held.length === 0) continue;
    try {
      const lost = await consumer.extend(held);
      if (lost.length > 0) options.onLost(lost);
    } catch (error) {
      // Of a group that is gone nobody else can hold anything: what runs may finish. The read loop makes it again.
      const isGroupGone = error instanceof BrokerError && error.isGroupGone;
      log[isGroupGone ? "debug" : "warn"]({ err: error, held: held.length }, "leases were not renewed: trying again");
    }
  }
}

export interface TakeoverOptions extends LeaseOptions {
  /** How many may be taken now. */
  readonly room: () => number;
  readonly onClaimed: (claimed: Claimed) => void | Promise<void>;
  /** A claim failed: it may have been carried out all the same, and its reply lost. */
  readonly onUncertain: () => void;
  readonly signal: AbortSignal;
}

/** Looks at once, then on a beat; again without a pause while there is more to take. */
export async function runTakeover(options: TakeoverOptions): Promise<void> {
  const { consumer, log, signal } = options;
  const intervalMs = Math.min(options.claimIdleMs / 3, MAX_CLAIM_INTERVAL_MS);
  while (!signal.aborted) {
    let isMore = false;
    const room = options.room();
    if (room > 0) {
      try {
        const claimed = await consumer.claim(room, options.claimIdleMs);
        await options.onClaimed(claimed);
        isMore = claimed.deliveries.length >= room;
      } catch (error) {
        // The read loop meets the same broker, and reports and repairs it.
        log.debug({ err: error }, "looking for lost deliveries failed");
        options.onUncertain();
      }
    }
    // Many workers that started together should not all look at the same moment.
    await sleep(isMore ? 10 : intervalMs * (0.75 + Math.random() / 2), signal);
  }
}
