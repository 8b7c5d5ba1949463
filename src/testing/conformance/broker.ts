/** The contract of `ports/broker.ts`, case by case. */
import assert from "node:assert/strict";

import { BrokerError } from "../../errors.ts";
import { parseId } from "./entry-id.ts";
import { CLAIMING_CASES } from "./broker-claiming.ts";
import { DEAD_LETTERING_CASES } from "./broker-dead-lettering.ts";
import { HISTORY_CASES } from "./broker-history.ts";
import { LOSS_CASES } from "./broker-losses.ts";
import { GROUP_CASES, READING_CASES } from "./broker-reading.ts";
import { REPLAY_LANE_CASES } from "./broker-replay-lane.ts";
import { SETTLING_CASES } from "./broker-settling.ts";
import { registerCases, type BrokerHarness, type ConformanceCase } from "./harness.ts";
import { AWKWARD_FIELDS, only } from "./scenario.ts";

/** Registers the suite of the hot path. Call it at the top of a test file. */
export function brokerConformance(harness: BrokerHarness): void {
  registerCases(harness, "Broker", {
    appending: APPENDING_CASES,
    groups: GROUP_CASES,
    reading: READING_CASES,
    claiming: CLAIMING_CASES,
    histories: HISTORY_CASES,
    settling: SETTLING_CASES,
    "dead-lettering": DEAD_LETTERING_CASES,
    "replay lane": REPLAY_LANE_CASES,
    losses: LOSS_CASES,
  });
}

const APPENDING_CASES: readonly ConformanceCase[] = [
  {
    sentence: "append gives one id for each entry, in order, each greater than the one before",
    async run(s) {
      const ids = [...(await s.append("1", "2", "3")), ...(await s.append("4"))];
      assert.equal(ids.length, 4);
      const order = ids.map(parseId).sort((a, b) => a.ms - b.ms || a.seq - b.seq);
      assert.deepEqual(
        order.map(({ text }) => text),
        ids,
      );
      assert.equal(new Set(ids).size, 4);
      assert.deepEqual(await s.remaining(), ids);
    },
  },
  {
    sentence: "append of nothing gives no ids",
    async run(s) {
      assert.deepEqual(await s.adapter.broker.append([]), []);
    },
  },
  {
    sentence: "one append reaches several streams, and the ids come in the order of the entries",
    async run(s) {
      const other = `${s.stream}:other`;
      const ids = await s.adapter.broker.append([
        { stream: s.stream, fields: ["data", "a"] },
        { stream: other, fields: ["data", "b"] },
        { stream: s.stream, fields: ["data", "c"] },
      ]);
      const otherReader = await s.member("other", { stream: other });
      assert.deepEqual(await s.remaining(), [ids[0], ids[2]]);
      assert.equal(only(await otherReader.read(10, 0)).entryId, ids[1]);
    },
  },
  {
    sentence: "2,000 entries in one call keep their order",
    async run(s) {
      const ids = await s.append(...Array.from({ length: 2000 }, (_, index) => `${index}`));
      assert.deepEqual(await s.remaining(), ids);
    },
  },
  ...Object.entries(AWKWARD_FIELDS).map(([what, fields]): ConformanceCase => ({
    sentence: `fields are delivered as they were appended: ${what}`,
    async run(s) {
      const member = await s.member("a");
      await s.appendFields(fields);
      assert.deepEqual(only(await member.read(10, 0)).fields, fields);
    },
  })),
  {
    sentence: "an entry without fields, or with a name without a value, is refused as not transient",
    async run(s) {
      for (const fields of [[], ["name"]]) {
        await assert.rejects(s.appendFields(fields), (error) => error instanceof BrokerError && !error.isTransient);
      }
    },
  },
  {
    sentence: "probe says ok while connected; after close, which is safe twice, it says so and append rejects",
    async run(s) {
      assert.deepEqual(await s.adapter.broker.probe(2000), { kind: "ok" });
      const { adapter, dispose } = await s.harness.createAdapter();
      try {
        await adapter.broker.connect(5000, AbortSignal.timeout(5000));
        await adapter.broker.close();
        await adapter.broker.close();
        assert.equal((await adapter.broker.probe(200)).kind, "down");
        await assert.rejects(adapter.broker.append([{ stream: s.stream, fields: ["a", "b"] }]), BrokerError);
      } finally {
        await dispose();
      }
    },
  },
];
