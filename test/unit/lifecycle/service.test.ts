/** The stress that every Service must bear: its contract is in src/lifecycle/service.ts. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createMemoryAdapter } from "../../../src/adapters/memory/adapter.ts";
import { createHealthServer } from "../../../src/health/server.ts";
import type { Service } from "../../../src/lifecycle/service.ts";
import { createBrokerMonitor } from "../../../src/maintenance/broker-monitor.ts";
import { createConsumerReaper } from "../../../src/maintenance/consumer-reaper.ts";
import { createControlWatch } from "../../../src/maintenance/control-watch.ts";
import { createDeadLetterKeeper } from "../../../src/maintenance/dead-letter-keeper.ts";
import { createLagSampler } from "../../../src/maintenance/lag-sampler.ts";
import { createPeriodicService } from "../../../src/maintenance/periodic.ts";
import { createStreamTrimmer } from "../../../src/maintenance/stream-trimmer.ts";
import { systemClock } from "../../../src/primitives/system-clock.ts";
import { createStatus } from "../health/engine-status.ts";
import { LogLines } from "../consume/consume-world.ts";

const { broker, admin, deadLetters, lease, control } = createMemoryAdapter("default");
const log = new LogLines().logger;
const group = { stream: "order", group: "shop.Audit" };
const intervalMs = 5;

const SERVICES: readonly (() => Service)[] = [
  () => createHealthServer({ host: "127.0.0.1", port: 0, source: { status: () => createStatus() }, log }),
  () => createBrokerMonitor([broker], log),
  () =>
    createControlWatch({
      control,
      name: "{shop}:control",
      consumerName: "me",
      subscriptions: [{ model: { name: "s" }, setPause: async () => undefined }],
      log,
    }),
  () => createLagSampler({ groups: [group], admin, deadLetters, intervalMs, log }),
  () => createConsumerReaper({ groups: [{ ...group, silentMs: 1000 }], admin, intervalMs, log }),
  () => createStreamTrimmer({ streams: [], admin, lease, leaseName: "t", holder: "me", intervalMs, log }),
  () =>
    createDeadLetterKeeper({
      streams: [{ ...group, retentionHours: 1, alertThreshold: 1 }],
      deadLetters,
      lease,
      leaseName: "k",
      holder: "me",
      checkIntervalMs: intervalMs,
      callback: null,
      clock: systemClock,
      log,
    }),
  () =>
    createPeriodicService({
      name: "one that fails",
      intervalMs,
      log,
      runOnce: () => Promise.reject(new Error("always")),
    }),
  () => createPeriodicService({ name: "one that hangs", intervalMs, log, runOnce: () => new Promise(() => undefined) }),
];

const soon = (): number => performance.now() + 200;
const running = (): AbortSignal => new AbortController().signal;

for (const create of SERVICES) {
  describe(`${create().name}, as a service`, () => {
    it("stops before it was started", async () => {
      await create().stop(soon());
    });

    it("stops twice and concurrently", async () => {
      const service = create();
      await service.start(running());
      await Promise.all([service.stop(soon()), service.stop(soon())]);
      await service.stop(soon());
    });

    it("starts twice and concurrently as if it were once", async () => {
      const service = create();
      await Promise.all([service.start(running()), service.start(running())]);
      await service.stop(soon());
    });

    it("stops while it starts, and leaves nothing running", async () => {
      const service = create();
      const starting = service.start(running());
      await Promise.all([starting, service.stop(soon())]);
      await service.stop(soon());
    });

    it("does not start under a signal that has aborted", async () => {
      const service = create();
      await service.start(AbortSignal.abort());
      await service.stop(soon());
    });

    it("gives up at a deadline that has passed", async () => {
      const service = create();
      await service.start(running());
      await service.stop(performance.now() - 1);
    });
  });
}

describe("a health server that cannot listen", () => {
  it("rejects, and is stopped all the same", async () => {
    const options = { host: "127.0.0.1", source: { status: () => createStatus() }, log };
    const first = createHealthServer({ ...options, port: 0 });
    await first.start(running());
    const second = createHealthServer({ ...options, port: first.address()?.port ?? 0 });
    await assert.rejects(second.start(running()), { code: "ENGINE_PORT_IN_USE" });
    await second.stop(soon());
    await first.stop(soon());
  });
});
