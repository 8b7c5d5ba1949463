import assert from "node:assert/strict";

import type { Consumer, Delivery, DeliveryHistory } from "../../ports/broker.ts";
import type { ConformanceCase } from "./harness.ts";
import { LEASE_MS, LONG_MS, only, type Scenario } from "./scenario.ts";

const FIRST_FAILED_AT = "2026-02-03T04:05:06.789Z";

/** A new consumer takes over the one entry whose holder is lost. */
async function inherit(s: Scenario, name: string): Promise<{ heir: Consumer; delivery: Delivery }> {
  const heir = await s.member(name);
  await s.pass(LEASE_MS);
  return { heir, delivery: only((await heir.claim(10, LEASE_MS)).deliveries) };
}

async function firstHolder(s: Scenario): Promise<{ holder: Consumer; delivery: Delivery }> {
  await s.append("1");
  const holder = await s.member("first");
  return { holder, delivery: only(await holder.read(10, 0)) };
}

function crashesOf({ crashes, isCrashProven }: DeliveryHistory): readonly [number, boolean] {
  return [crashes, isCrashProven];
}

export const HISTORY_CASES: readonly ConformanceCase[] = [
  {
    sentence: "a holder that is lost while an entry merely sat with it leaves one suspicion, however often",
    async run(s) {
      await firstHolder(s);
      const second = await inherit(s, "second");
      assert.deepEqual(crashesOf(second.delivery.history), [1, false]);
      const third = await inherit(s, "third");
      assert.deepEqual(crashesOf(third.delivery.history), [1, false]);
    },
  },
  {
    sentence: "a holder that is lost with the entry in hand is a proven crash, and each one counts",
    async run(s) {
      const first = await firstHolder(s);
      assert.equal(await first.holder.markInHand(first.delivery), true);
      const second = await inherit(s, "second");
      assert.deepEqual(crashesOf(second.delivery.history), [1, true]);
      await second.heir.markInHand(second.delivery);
      const third = await inherit(s, "third");
      assert.deepEqual(crashesOf(third.delivery.history), [2, true]);
      assert.equal(third.delivery.history.failures, 0);
    },
  },
  {
    sentence: "a suspicion becomes the first of the crashes once the suspect is in hand",
    async run(s) {
      await firstHolder(s);
      const second = await inherit(s, "second");
      await second.heir.markInHand(second.delivery);
      const third = await inherit(s, "third");
      assert.deepEqual(crashesOf(third.delivery.history), [2, true]);
    },
  },
  {
    sentence: "a suspicion that was stored with a failure stays one suspicion when the next holder is lost",
    async run(s) {
      const { holder, delivery } = await firstHolder(s);
      await holder.recordFailure(delivery, { failures: 1, crashes: 1, firstFailedAt: FIRST_FAILED_AT, delayMs: 0 });
      assert.deepEqual(crashesOf((await inherit(s, "second")).delivery.history), [1, false]);
    },
  },
  {
    sentence: "failures, the first one's time and what is left of the backoff reach the next holder",
    async run(s) {
      const { holder, delivery } = await firstHolder(s);
      const record = { failures: 2, crashes: 0, firstFailedAt: FIRST_FAILED_AT, delayMs: 60_000 };
      assert.equal(await holder.recordFailure(delivery, record), true);
      const { history } = (await inherit(s, "second")).delivery;
      assert.equal(history.failures, 2);
      assert.equal(history.firstFailedAt, FIRST_FAILED_AT);
      assert.ok(history.delayMs > 30_000 && history.delayMs <= 60_000 - LEASE_MS, `delayMs is ${history.delayMs}`);
    },
  },
  {
    sentence: "a backoff that has passed leaves no delay",
    async run(s) {
      const { holder, delivery } = await firstHolder(s);
      await holder.recordFailure(delivery, { failures: 1, crashes: 0, firstFailedAt: FIRST_FAILED_AT, delayMs: 10 });
      assert.equal((await inherit(s, "second")).delivery.history.delayMs, 0);
    },
  },
  {
    sentence: "recordFailure leaves the delivery with its holder, and a later record replaces it",
    async run(s) {
      const { holder, delivery } = await firstHolder(s);
      const record = { crashes: 0, firstFailedAt: FIRST_FAILED_AT, delayMs: 0 };
      await holder.recordFailure(delivery, { ...record, failures: 1 });
      await holder.recordFailure(delivery, { ...record, failures: 2 });
      assert.deepEqual(await holder.extend([delivery]), []);
      assert.equal((await inherit(s, "second")).delivery.history.failures, 2);
    },
  },
  {
    sentence: "a failure that was recorded ends being in hand: a loss during the backoff proves nothing",
    async run(s) {
      const { holder, delivery } = await firstHolder(s);
      await holder.markInHand(delivery);
      await holder.recordFailure(delivery, { failures: 1, crashes: 0, firstFailedAt: FIRST_FAILED_AT, delayMs: 0 });
      const { history } = (await inherit(s, "second")).delivery;
      assert.deepEqual([history.failures, ...crashesOf(history)], [1, 1, false]);
    },
  },
  {
    sentence: "markInHand keeps the failures counted so far",
    async run(s) {
      const { holder, delivery } = await firstHolder(s);
      await holder.recordFailure(delivery, { failures: 3, crashes: 0, firstFailedAt: FIRST_FAILED_AT, delayMs: 0 });
      const second = await inherit(s, "second");
      await second.heir.markInHand(second.delivery);
      const { history } = (await inherit(s, "third")).delivery;
      assert.deepEqual([history.failures, ...crashesOf(history)], [3, 2, true]);
      assert.equal(history.firstFailedAt, FIRST_FAILED_AT);
    },
  },
  {
    sentence: "a hand-over counts as neither failed nor crashed, even of an entry in hand",
    async run(s) {
      const { holder, delivery } = await firstHolder(s);
      await holder.markInHand(delivery);
      await holder.release([delivery]);
      const heir = await s.member("heir");
      const { history } = only((await heir.claim(10, LONG_MS)).deliveries);
      assert.deepEqual([history.failures, ...crashesOf(history)], [0, 0, false]);
    },
  },
  {
    sentence: "a hand-over takes the mark away: the heir's loss is not proven by it",
    async run(s) {
      const { holder, delivery } = await firstHolder(s);
      await holder.markInHand(delivery);
      await holder.release([delivery]);
      const heir = await s.member("heir");
      await heir.claim(10, LONG_MS);
      const { delivery: third } = await inherit(s, "third");
      assert.deepEqual(crashesOf(third.history), [1, false]);
    },
  },
  {
    sentence: "a hand-over keeps the failures counted so far",
    async run(s) {
      const { holder, delivery } = await firstHolder(s);
      await holder.recordFailure(delivery, {
        failures: 2,
        crashes: 1,
        firstFailedAt: FIRST_FAILED_AT,
        delayMs: 60_000,
      });
      await holder.release([delivery]);
      const heir = await s.member("heir");
      const { history } = only((await heir.claim(10, LONG_MS)).deliveries);
      assert.deepEqual([history.failures, ...crashesOf(history)], [2, 1, false]);
      assert.equal(history.firstFailedAt, FIRST_FAILED_AT);
      assert.ok(history.delayMs > 30_000);
    },
  },
  {
    sentence: "a loss after a hand-over counts again",
    async run(s) {
      const { holder, delivery } = await firstHolder(s);
      await holder.release([delivery]);
      const heir = await s.member("heir");
      only((await heir.claim(10, LONG_MS)).deliveries);
      assert.deepEqual(crashesOf((await inherit(s, "third")).delivery.history), [1, false]);
    },
  },
  {
    sentence: "recover tells the failures counted so far, and no crash",
    async run(s) {
      const { holder, delivery } = await firstHolder(s);
      await holder.recordFailure(delivery, {
        failures: 2,
        crashes: 1,
        firstFailedAt: FIRST_FAILED_AT,
        delayMs: 60_000,
      });
      const { history } = only((await holder.recover(() => false)).deliveries);
      assert.deepEqual([history.failures, ...crashesOf(history)], [2, 1, false]);
      assert.ok(history.delayMs > 30_000);
    },
  },
];
