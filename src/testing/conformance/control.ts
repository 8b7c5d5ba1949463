/** The contract of `ports/control.ts`, case by case. */
import assert from "node:assert/strict";

import type { Pause } from "../../ports/control.ts";
import { registerCases, type BrokerHarness, type ConformanceCase } from "./harness.ts";

/** Registers the suite of what operators order. */
export function controlConformance(harness: BrokerHarness): void {
  registerCases(harness, "Control", { pauses: CONTROL_CASES });
}

function pauseOf(subscription: string, over: Partial<Pause> = {}): Pause {
  return { subscription, consumer: null, by: "alice@bastion", at: "2026-01-02T03:04:05.678Z", reason: null, ...over };
}

const EVERYWHERE = pauseOf("shop.Audit", { reason: 'the "ledger" is down 🏷\n' });
const IN_ONE = pauseOf("shop.Audit", { consumer: "host:17:5f2c9a01" });

const CONTROL_CASES: readonly ConformanceCase[] = [
  {
    sentence: "where nothing was paused, nothing is listed, and there is nothing to resume",
    async run({ adapter: { control }, stream }) {
      assert.deepEqual(await control.list(stream), []);
      assert.equal(await control.resume(stream, [EVERYWHERE]), 0);
      assert.equal(await control.resume(stream, []), 0);
    },
  },
  {
    sentence:
      "pauses of every process, of one, and of other subscriptions stand beside each other, and come back as they were set",
    async run({ adapter: { control }, stream }) {
      const all = [EVERYWHERE, IN_ONE, pauseOf("shop.Mail")];
      for (const pause of all) assert.equal(await control.pause(stream, pause), true);
      const listed = (await control.list(stream)).map((each) => JSON.stringify(each, Object.keys(EVERYWHERE)));
      assert.deepEqual(listed.toSorted(), all.map((each) => JSON.stringify(each, Object.keys(EVERYWHERE))).toSorted());
    },
  },
  {
    sentence: "a pause takes the place of the one before it, and says that there was one",
    async run({ adapter: { control }, stream }) {
      await control.pause(stream, EVERYWHERE);
      assert.equal(await control.pause(stream, { ...EVERYWHERE, reason: "another" }), false);
      assert.deepEqual(
        (await control.list(stream)).map(({ reason }) => reason),
        ["another"],
      );
    },
  },
  {
    sentence: "resume takes away the named pauses alone, and counts them",
    async run({ adapter: { control }, stream }) {
      for (const pause of [EVERYWHERE, IN_ONE, pauseOf("shop.Mail")]) await control.pause(stream, pause);
      assert.equal(await control.resume(stream, [IN_ONE, pauseOf("shop.Mail"), pauseOf("shop.None")]), 2);
      assert.deepEqual(await control.list(stream), [EVERYWHERE]);
    },
  },
  {
    sentence: "domains are nothing to each other",
    async run({ adapter: { control }, stream }) {
      await control.pause(stream, EVERYWHERE);
      assert.deepEqual(await control.list(`${stream}:other`), []);
    },
  },
];
