/** The contract of `ports/broker-admin.ts`, case by case. */
import assert from "node:assert/strict";

import { TRIMMING_CASES } from "./broker-trimming.ts";
import { registerCases, type BrokerHarness, type ConformanceCase } from "./harness.ts";
import { entryIds, LEASE_MS, only } from "./scenario.ts";

/** Registers the suite of the slow path. */
export function brokerAdminConformance(harness: BrokerHarness): void {
  registerCases(harness, "BrokerAdmin", {
    inspecting: INSPECTING_CASES,
    reaping: REAPING_CASES,
    trimming: TRIMMING_CASES,
  });
}

const INSPECTING_CASES: readonly ConformanceCase[] = [
  {
    sentence: "a group that does not exist is reported as absent, not as an error",
    async run(s) {
      const absentStream = await s.adapter.admin.inspect(s.address);
      await s.append("1");
      const absentGroup = await s.adapter.admin.inspect(s.address);
      for (const { isPresent, lag, pending, consumers } of [absentStream, absentGroup]) {
        assert.deepEqual(
          { isPresent, lag, pending, consumers },
          { isPresent: false, lag: null, pending: null, consumers: [] },
        );
      }
      assert.deepEqual(await s.adapter.admin.groups(`${s.stream}:absent`), []);
    },
  },
  {
    sentence: "lag counts what was not delivered, pending what was delivered and not acked",
    async run(s) {
      const member = await s.member("a");
      await s.append("1", "2", "3", "4", "5");
      const deliveries = await member.read(3, 0);
      await member.ack(deliveries.slice(0, 1));
      const { isPresent, lag, pending } = await s.adapter.admin.inspect(s.address);
      assert.deepEqual({ isPresent, lag, pending }, { isPresent: true, lag: 2, pending: 2 });
    },
  },
  {
    sentence: "lag is right, or null, for a group that began in the middle of a stream with deleted entries",
    needs: "deleteEntry",
    async run(s) {
      const ids = await s.append("1", "2", "3", "4", "5");
      await s.member("a", { startFrom: ids[1] ?? "" });
      await s.harness.deleteEntry?.(s.stream, ids[3] ?? "");
      const { lag } = await s.adapter.admin.inspect(s.address);
      assert.ok(lag === 2 || lag === null, `lag is ${lag}`);
    },
  },
  {
    sentence: "ages are of the oldest undelivered and of the oldest pending entry, since they were appended",
    async run(s) {
      const member = await s.member("a");
      await s.append("pending", "waiting");
      await s.pass(120);
      await s.append("young");
      await member.read(1, 0);
      const { lagSeconds, oldestPendingSeconds } = await s.adapter.admin.inspect(s.address);
      for (const seconds of [lagSeconds, oldestPendingSeconds]) {
        assert.ok(seconds !== null && seconds >= 0.1 && seconds < 30, `${seconds} s`);
      }
    },
  },
  {
    sentence: "ages are 0 where nothing waits",
    async run(s) {
      const member = await s.member("a");
      await s.append("1");
      await member.ack(await member.read(10, 0));
      await s.pass(20);
      const { lag, lagSeconds, pending, oldestPendingSeconds } = await s.adapter.admin.inspect(s.address);
      assert.deepEqual(
        { lag, lagSeconds, pending, oldestPendingSeconds },
        {
          lag: 0,
          lagSeconds: 0,
          pending: 0,
          oldestPendingSeconds: 0,
        },
      );
    },
  },
  {
    sentence: "consumers are reported with what they hold and since when they are silent",
    async run(s) {
      const [busy, silent] = [await s.member("busy"), await s.member("silent")];
      await s.append("1", "2", "3");
      await silent.read(1, 0);
      await s.pass(400);
      await busy.read(10, 0);
      const { consumers } = await s.adapter.admin.inspect(s.address);
      const held = consumers.map(({ name, pending }) => [name, pending]);
      assert.deepEqual(Object.fromEntries(held), { busy: 2, silent: 1 });
      const idle = Object.fromEntries(consumers.map(({ name, idleMs }) => [name, idleMs]));
      assert.ok((idle["silent"] ?? 0) >= 400 && (idle["busy"] ?? 0) < 400, JSON.stringify(idle));
    },
  },
  {
    sentence: "the depth of the dead letters and the backlog of replays belong to the report",
    async run(s) {
      const [first = ""] = await s.bury(await s.member("a"), "1", "2", "3");
      await s.adapter.deadLetters.replay(s.address, first);
      const { dlqDepth, replayBacklog, pending } = await s.adapter.admin.inspect(s.address);
      assert.deepEqual({ dlqDepth, replayBacklog, pending }, { dlqDepth: 2, replayBacklog: 1, pending: 0 });
    },
  },
  {
    sentence: "groups names every group of the stream",
    async run(s) {
      await s.member("a");
      await s.member("a", { group: "other-app.Mailer" });
      assert.deepEqual([...(await s.adapter.admin.groups(s.stream))].sort(), ["other-app.Mailer", "shop.Audit"]);
    },
  },
  {
    sentence: "probe says ok",
    async run(s) {
      assert.deepEqual(await s.adapter.admin.probe(2000), { kind: "ok" });
    },
  },
];

const REAPING_CASES: readonly ConformanceCase[] = [
  {
    sentence: "a consumer that was silent for long and holds nothing is removed, and named",
    async run(s) {
      const [silent, active] = [await s.member("silent"), await s.member("active")];
      await s.append("1");
      await silent.ack(await silent.read(10, 0));
      await s.pass(400);
      // Not every server notices a consumer that asked in vain.
      await s.append("2");
      await active.ack(await active.read(10, 0));
      assert.deepEqual(await s.adapter.admin.reapConsumers(s.address, 400), ["silent"]);
      assert.deepEqual(await s.adapter.admin.reapConsumers(s.address, 400), []);
      const { consumers } = await s.adapter.admin.inspect(s.address);
      assert.deepEqual(
        consumers.map(({ name }) => name),
        ["active"],
      );
    },
  },
  {
    sentence: "a consumer that holds something is kept, however silent, and nothing pending is dropped",
    async run(s) {
      const ids = await s.append("1");
      await s.lostMember("holder");
      await s.pass(LEASE_MS);
      assert.deepEqual(await s.adapter.admin.reapConsumers(s.address, LEASE_MS), []);
      const heir = await s.member("heir");
      assert.deepEqual(entryIds((await heir.claim(10, LEASE_MS)).deliveries), ids);
    },
  },
  {
    sentence: "a consumer that holds a replayed entry loses nothing either",
    async run(s) {
      const holder = await s.member("holder");
      const [id = ""] = await s.bury(holder, "1");
      await s.adapter.deadLetters.replay(s.address, id);
      only(await holder.read(10, 0));
      await s.pass(LEASE_MS);
      await s.adapter.admin.reapConsumers(s.address, LEASE_MS);
      const heir = await s.member("heir");
      assert.equal(only((await heir.claim(10, LEASE_MS)).deliveries).lane, "replay");
    },
  },
  {
    sentence: "a consumer that was removed can read on under its name",
    async run(s) {
      const member = await s.member("a");
      await member.read(10, 0);
      await s.pass(LEASE_MS);
      await s.adapter.admin.reapConsumers(s.address, LEASE_MS);
      const ids = await s.append("1");
      assert.deepEqual(entryIds(await member.read(10, 0)), ids);
    },
  },
];
