/**
 * Removes the names of consumers that are gone for good: silent for long, and holding nothing. A living consumer that is removed by
 * mistake is made again by its next read; what is pending is never touched.
 */
import type { Logger } from "pino";
import type { BrokerAdmin, GroupAddress } from "../ports/broker-admin.ts";
import { createPeriodicService, type PeriodicService } from "./periodic.ts";

export interface ConsumerReaperOptions {
  readonly groups: readonly (GroupAddress & { readonly silentMs: number })[];
  readonly admin: BrokerAdmin;
  readonly intervalMs: number;
  readonly log: Logger;
}

export function createConsumerReaper({ groups, admin, intervalMs, log }: ConsumerReaperOptions): PeriodicService {
  return createPeriodicService({
    name: "consumer reaper",
    intervalMs,
    log,
    async runOnce(signal) {
      for (const group of groups) {
        if (signal.aborted) return;
        const removed = await admin.reapConsumers(group, group.silentMs);
        if (removed.length > 0)
          log.info({ subscription: group.group, consumers: removed }, "removed consumers that are gone");
      }
    },
  });
}
