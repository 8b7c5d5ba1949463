import assert from "node:assert/strict";
import { afterEach, describe, it, mock } from "node:test";
import { createMemoryAdapter } from "../../../src/adapters/memory/adapter.ts";
import { createBrokerMonitor } from "../../../src/maintenance/broker-monitor.ts";
import { createConsumerReaper } from "../../../src/maintenance/consumer-reaper.ts";
import {
  createDeadLetterKeeper,
  type AlertCallback,
  type DeadLetterKeeper,
  type DlqAlert,
} from "../../../src/maintenance/dead-letter-keeper.ts";
import { createLagSampler } from "../../../src/maintenance/lag-sampler.ts";
import { createPeriodicService } from "../../../src/maintenance/periodic.ts";
import { createStreamTrimmer } from "../../../src/maintenance/stream-trimmer.ts";
import type { BrokerStatus } from "../../../src/ports/broker.ts";
import type { BrokerAdmin, TrimResult } from "../../../src/ports/broker-admin.ts";
import type { DeadLetterDepth, DeadLetters } from "../../../src/ports/dead-letters.ts";
import { systemClock } from "../../../src/primitives/system-clock.ts";
import { until } from "../../support/until.ts";
import { LogLines } from "../consume/consume-world.ts";

afterEach(() => mock.timers.reset());

const HOUR = 3_600_000;
const audit = { stream: "order", group: "shop.Audit", retentionHours: 2, alertThreshold: 3 };
const mailer = { stream: "order", group: "shop.Mailer", retentionHours: 5, alertThreshold: 1 };

interface Keeping {
  readonly keeper: DeadLetterKeeper;
  readonly log: LogLines;
  readonly depths: Record<string, number>;
  readonly trims: [string, number, number][];
}

function keeping(
  callback: AlertCallback | null,
  expired: Record<string, number | Error> = {},
  lease = createMemoryAdapter("l").lease,
): Keeping {
  const log = new LogLines();
  const depths: Record<string, number> = {};
  const trims: [string, number, number][] = [];
  const deadLetters = {
    async trim({ group }: { group: string }, olderThanMs: number, limit: number) {
      trims.push([group, olderThanMs, limit]);
      const left = expired[group] ?? 0;
      if (left instanceof Error) throw left;
      const removed = Math.min(limit, left);
      expired[group] = left - removed;
      return removed;
    },
    depth: async ({ group }: { group: string }): Promise<DeadLetterDepth> => ({
      depth: depths[group] ?? 0,
      oldestId: null,
      newestId: null,
      oldestSeconds: 9,
    }),
  } as unknown as DeadLetters;
  const keeper = createDeadLetterKeeper({
    streams: [audit, mailer],
    deadLetters,
    lease,
    leaseName: "keeper",
    holder: "me",
    checkIntervalMs: 60_000,
    callback,
    clock: systemClock,
    log: log.logger,
  });
  return { keeper, log, depths, trims };
}

describe("the dead-letter keeper", () => {
  it("trims each stream to its own retention, in chunks, until nothing is left", async () => {
    const { keeper, trims, log } = keeping(null, { "shop.Audit": 2500 });
    await keeper.runOnce();
    assert.deepEqual(trims, [
      ["shop.Audit", 2 * HOUR, 1000],
      ["shop.Audit", 2 * HOUR, 1000],
      ["shop.Audit", 2 * HOUR, 1000],
      ["shop.Mailer", 5 * HOUR, 1000],
    ]);
    assert.equal(keeper.counts.get("{order}:dlq:shop.Audit")?.trimmed, 2500);
    assert.ok(log.has("were deleted"));
  });

  it("stops at its bound per cycle", async () => {
    const { keeper, trims } = keeping(null, { "shop.Audit": 1_000_000 });
    await keeper.runOnce();
    assert.equal(trims.filter(([group]) => group === "shop.Audit").length, 200);
  });

  it("alerts in every cycle at or above the threshold, and tells once when it clears", async () => {
    const alerts: DlqAlert[] = [];
    const { keeper, depths, log } = keeping((alert) => void alerts.push(alert));
    for (const depth of [2, 3, 4, 2, 2]) {
      depths["shop.Audit"] = depth;
      await keeper.runOnce();
    }
    assert.deepEqual(
      alerts.map(({ depth, threshold, subscription, dlqStream, oldestSeconds }) => [
        depth,
        threshold,
        subscription,
        dlqStream,
        oldestSeconds,
      ]),
      [
        [3, 3, "shop.Audit", "{order}:dlq:shop.Audit", 9],
        [4, 3, "shop.Audit", "{order}:dlq:shop.Audit", 9],
      ],
    );
    assert.equal(keeper.counts.get("{order}:dlq:shop.Audit")?.alerts, 2);
    assert.equal(log.lines.filter(({ msg }) => String(msg).includes("below the alert threshold again")).length, 1);
  });

  it("goes on to the other streams when one fails, or its callback throws in whatever way", async () => {
    const called: string[] = [];
    const { keeper, depths, log } = keeping(
      ({ subscription }) => {
        called.push(subscription);
        throw null; // oxlint-disable-line typescript/only-throw-error -- anything may
      },
      { "shop.Audit": new Error("no broker") },
    );
    depths["shop.Mailer"] = 1;
    await keeper.runOnce();
    assert.deepEqual(called, ["shop.Mailer"]);
    assert.ok(log.has("could not be kept") && log.has("callback failed"));
  });

  it("does not wait for a callback that hangs", async () => {
    const { keeper, depths, log } = keeping(() => new Promise(() => undefined));
    depths["shop.Mailer"] = 1;
    mock.timers.enable({ apis: ["setTimeout"] });
    const cycle = keeper.runOnce();
    for (let turn = 0; turn < 50; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    mock.timers.tick(5000);
    await cycle;
    assert.ok(log.has("did not end within 5000 ms"));
  });

  it("works on one replica at a time, and leaves the lease to another when it stops", async () => {
    const { lease } = createMemoryAdapter("l");
    const { keeper, trims } = keeping(null, {}, lease);
    assert.notEqual(await lease.acquire("keeper", "another", 60_000), null);
    await keeper.runOnce();
    assert.equal(trims.length, 0);
    await lease.release("keeper", "another");
    await keeper.runOnce();
    assert.equal(trims.length, 2);
    await keeper.stop(performance.now() + 1000);
    assert.notEqual(await lease.acquire("keeper", "another", 60_000), null);
  });
});

describe("the stream trimmer", () => {
  const trimmerOf = (
    answers: (TrimResult | Error)[],
  ): { readonly calls: unknown[]; readonly log: LogLines; run(): Promise<void> } => {
    const calls: unknown[] = [];
    const log = new LogLines();
    const admin = {
      async trim(stream: string, retention: unknown, bounds: unknown) {
        calls.push([stream, retention, bounds]);
        const answer = answers.shift() ?? { kind: "trimmed" as const, removed: 0 };
        if (answer instanceof Error) throw answer;
        return answer;
      },
    } as unknown as BrokerAdmin;
    const retention = { maxLength: 10, maxAgeMs: null };
    const trimmer = createStreamTrimmer({
      streams: [
        { stream: "a", retention, expectedGroups: ["g"] },
        { stream: "b", retention, expectedGroups: [] },
      ],
      admin,
      lease: createMemoryAdapter("l").lease,
      leaseName: "t",
      holder: "me",
      intervalMs: 1000,
      log: log.logger,
    });
    return { calls, log, run: () => trimmer.runOnce() };
  };

  it("trims in chunks until nothing more goes, stream by stream, with the groups that must exist", async () => {
    const { calls, run } = trimmerOf([
      { kind: "trimmed", removed: 500 },
      { kind: "trimmed", removed: 20 },
    ]);
    await run();
    assert.equal(calls.length, 4);
    assert.deepEqual(calls[0], ["a", { maxLength: 10, maxAgeMs: null }, { expectedGroups: ["g"], limit: 500 }]);
  });

  it("says what holds a stream, and goes on to the others, also after an error", async () => {
    const held = trimmerOf([{ kind: "held", reason: "group g does not exist" }]);
    await held.run();
    assert.deepEqual([held.calls.length, held.log.has("not trimmed")], [2, true]);
    const failing = trimmerOf([new Error("x")]);
    await failing.run();
    assert.deepEqual([failing.calls.length, failing.log.has("could not be trimmed")], [2, true]);
  });
});

describe("the consumer reaper", () => {
  it("reaps every group with its own limit, and tells whom", async () => {
    const calls: unknown[] = [];
    const log = new LogLines();
    const admin = {
      reapConsumers: async ({ group }: { group: string }, silentMs: number) => (
        calls.push([group, silentMs]),
        group === "b" ? ["gone"] : []
      ),
    } as unknown as BrokerAdmin;
    const groups = [
      { stream: "s", group: "a", silentMs: 1 },
      { stream: "s", group: "b", silentMs: 2 },
    ];
    await createConsumerReaper({ groups, admin, intervalMs: 1000, log: log.logger }).runOnce();
    assert.deepEqual(calls, [
      ["a", 1],
      ["b", 2],
    ]);
    assert.equal(log.lines.length, 1);
  });
});

describe("the lag sampler", () => {
  it("knows nothing before its first sample, and forgets what it can no longer ask", async () => {
    const { admin, deadLetters, streams } = createMemoryAdapter("default");
    let isAway = false;
    const asking = {
      ...admin,
      inspect: (address: Parameters<BrokerAdmin["inspect"]>[0]) =>
        isAway ? Promise.reject(new Error("away")) : admin.inspect(address),
    };
    streams.ensureGroup("order", "g", "0");
    streams.append("order", ["a", "1"]);
    const sampler = createLagSampler({
      groups: [{ stream: "order", group: "g" }],
      admin: asking,
      deadLetters,
      intervalMs: 1000,
      log: new LogLines().logger,
    });
    assert.deepEqual([sampler.reportOf("g"), sampler.ageMs], [null, null]);
    await sampler.runOnce();
    assert.deepEqual([sampler.reportOf("g")?.lag, typeof sampler.ageMs], [1, "number"]);
    isAway = true;
    await sampler.runOnce();
    assert.equal(sampler.reportOf("g"), null);
  });
});

describe("the broker monitor", () => {
  it("knows nothing at first, and logs changes alone", async () => {
    const { broker } = createMemoryAdapter("default");
    const answers: BrokerStatus[] = [
      { kind: "ok" },
      { kind: "ok" },
      { kind: "down", reason: "x" },
      { kind: "down", reason: "y" },
      { kind: "ok" },
    ];
    const log = new LogLines();
    const monitor = createBrokerMonitor(
      [{ ...broker, probe: async () => answers.shift() ?? { kind: "ok" } }],
      log.logger,
    );
    assert.deepEqual(monitor.statuses(), { default: { kind: "unknown" } });
    for (let cycle = 0; cycle < 4; cycle += 1) await monitor.runOnce();
    assert.deepEqual(monitor.statuses()["default"], { kind: "down", reason: "y" });
    await monitor.runOnce();
    assert.deepEqual(
      log.lines.map(({ msg }) => msg),
      ["broker is ok", "broker is down", "broker is ok"],
    );
  });
});

describe("a periodic job", () => {
  it("runs at once and on its beat, also after a cycle that failed, until it is stopped", async () => {
    let cycles = 0;
    const log = new LogLines();
    const job = createPeriodicService({
      name: "job",
      intervalMs: 1,
      log: log.logger,
      async runOnce() {
        cycles += 1;
        if (cycles === 1) throw new Error("first");
      },
    });
    await job.start(new AbortController().signal);
    await until("it ran again", () => cycles >= 3);
    await job.stop(performance.now() + 1000);
    const atStop = cycles;
    await job.start(new AbortController().signal);
    assert.equal(cycles, atStop);
    assert.equal(log.lines.filter(({ msg }) => String(msg).includes("cycle failed")).length, 1);
  });

  it("passes its failure on to whoever runs one cycle by hand", async () => {
    const job = createPeriodicService({
      name: "job",
      intervalMs: 1000,
      log: new LogLines().logger,
      runOnce: () => Promise.reject(new Error("x")),
    });
    await assert.rejects(job.runOnce(), /x/);
  });

  it("tells its cycle of the stop", async () => {
    let wasTold = false;
    const job = createPeriodicService({
      name: "job",
      intervalMs: 1000,
      log: new LogLines().logger,
      runOnce: (signal) =>
        new Promise((resolve) =>
          signal.addEventListener("abort", () => {
            wasTold = true;
            resolve();
          }),
        ),
    });
    await job.start(new AbortController().signal);
    await job.stop(performance.now() + 5000);
    assert.ok(wasTold);
  });
});
