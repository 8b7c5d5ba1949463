/** Collects in the background what probes and status show: lag, pending, depths. A sample that fails leaves unknowns, not zeros. */
import type { Logger } from "pino";
import type { BrokerAdmin, GroupAddress, GroupReport } from "../ports/broker-admin.ts";
import type { DeadLetterDepth, DeadLetters } from "../ports/dead-letters.ts";
import { createPeriodicService, type PeriodicService } from "./periodic.ts";

export interface LagSamplerOptions {
  readonly groups: readonly GroupAddress[];
  readonly admin: BrokerAdmin;
  readonly deadLetters: DeadLetters;
  readonly intervalMs: number;
  readonly log: Logger;
}

export interface LagSampler extends PeriodicService {
  /** Null: unknown. */
  reportOf(group: string): GroupReport | null;
  /** Null: unknown. */
  deadLettersOf(group: string): DeadLetterDepth | null;
  /** Age of the oldest part of the present sample, in ms; null before the first. */
  readonly ageMs: number | null;
}

export function createLagSampler({ groups, admin, deadLetters, intervalMs, log }: LagSamplerOptions): LagSampler {
  const reports = new Map<string, GroupReport>();
  const depths = new Map<string, DeadLetterDepth>();
  let sampledAtMs: number | null = null;

  const service = createPeriodicService({
    name: "lag sampler",
    intervalMs,
    log,
    async runOnce(signal) {
      for (const address of groups) {
        if (signal.aborted) return;
        try {
          reports.set(address.group, await admin.inspect(address));
          depths.set(address.group, await deadLetters.depth(address));
        } catch (error) {
          reports.delete(address.group);
          depths.delete(address.group);
          log.debug({ err: error, subscription: address.group }, "lag is unknown");
        }
      }
      sampledAtMs = performance.now();
    },
  });

  return {
    ...service,
    reportOf: (group) => reports.get(group) ?? null,
    deadLettersOf: (group) => depths.get(group) ?? null,
    get ageMs() {
      return sampledAtMs === null ? null : performance.now() - sampledAtMs;
    },
  };
}
