/** Asks brokers how they are, so that a probe never has to. */
import type { Logger } from "pino";
import type { Broker, BrokerStatus } from "../ports/broker.ts";
import { createPeriodicService, type PeriodicService } from "./periodic.ts";

const INTERVAL_MS = 1000;
const TIMEOUT_MS = 1000;

export type KnownBrokerStatus = BrokerStatus | { readonly kind: "unknown" };

export interface BrokerMonitor extends PeriodicService {
  statuses(): Readonly<Record<string, KnownBrokerStatus>>;
}

export function createBrokerMonitor(brokers: readonly Broker[], log: Logger): BrokerMonitor {
  const statuses = new Map<string, KnownBrokerStatus>(brokers.map((broker) => [broker.name, { kind: "unknown" }]));

  function note(name: string, status: BrokerStatus): void {
    const before = statuses.get(name);
    statuses.set(name, status);
    if (before?.kind === status.kind) return;
    if (status.kind === "ok") log.info({ broker: name }, "broker is ok");
    else log.error({ broker: name, reason: status.reason }, `broker is ${status.kind}`);
  }

  const service = createPeriodicService({
    name: "broker monitor",
    intervalMs: INTERVAL_MS,
    log,
    async runOnce() {
      await Promise.all(brokers.map(async (broker) => note(broker.name, await broker.probe(TIMEOUT_MS))));
    },
  });
  return { ...service, statuses: () => Object.fromEntries(statuses) };
}
