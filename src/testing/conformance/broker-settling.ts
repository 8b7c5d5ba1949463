import assert from "node:assert/strict";

import type { Consumer, Delivery } from "../../ports/broker.ts";
import type { ConformanceCase } from "./harness.ts";
import { failureOf, LEASE_MS, only, type Scenario } from "./scenario.ts";

const RECORD = { failures: 9, crashes: 9, firstFailedAt: "2026-02-03T04:05:06.789Z", delayMs: 60_000 };

/** An entry that `slow` still believes to hold and `heir` has taken over. */
async function takenOver(s: Scenario): Promise<{ slow: Consumer; heir: Consumer; stale: Delivery; fresh: Delivery }> {
  await s.append("1");
  const [slow, heir] = [await s.member("slow"), await s.member("heir")];
  const stale = only(await slow.read(10, 0));
  await s.pass(LEASE_MS);
  return { slow, heir, stale, fresh: only((await heir.claim(10, LEASE_MS)).deliveries) };
}

/** The history that the next holder would see. */
async function historyAfter(s: Scenario): Promise<Delivery["history"]> {
  const next = await s.member("next");
  await s.pass(LEASE_MS);
  return only((await next.claim(10, LEASE_MS)).deliveries).history;
}

export const SETTLING_CASES: readonly ConformanceCase[] = [
  {
    sentence: "what was acked is pending with nobody and never comes back",
    async run(s) {
      const member = await s.member("a");
      await s.append("1", "2");
      assert.equal(await member.ack(await member.read(10, 0)), 0);
      const heir = await s.member("heir");
      await s.pass(LEASE_MS);
      assert.deepEqual(await heir.claim(10, 0), { deliveries: [], missing: [] });
      assert.deepEqual(await member.recover(() => false), { deliveries: [], missing: [] });
      assert.equal((await s.adapter.admin.inspect(s.address)).pending, 0);
    },
  },
  {
    sentence: "ack takes 1,500 deliveries at once",
    async run(s) {
      const member = await s.member("a");
      await s.append(...Array.from({ length: 1500 }, (_, index) => `${index}`));
      assert.equal(await member.ack(await member.read(2000, 0)), 0);
      assert.equal((await s.adapter.admin.inspect(s.address)).pending, 0);
    },
  },
  {
    sentence: "ack leaves alone and counts what another consumer holds by now, and acks the rest",
    async run(s) {
      const { slow, heir, stale, fresh } = await takenOver(s);
      await s.append("2");
      const mine = only(await slow.read(10, 0));
      assert.equal(await slow.ack([stale, mine]), 1);
      assert.equal((await s.adapter.admin.inspect(s.address)).pending, 1);
      assert.deepEqual(await heir.extend([fresh]), []);
    },
  },
  {
    sentence: "ack of what is not pending at all counts nothing",
    async run(s) {
      const member = await s.member("a");
      await s.append("1");
      const deliveries = await member.read(10, 0);
      await member.ack(deliveries);
      assert.equal(await member.ack(deliveries), 0);
    },
  },
  {
    sentence: "recordFailure is refused once another consumer holds the entry, and changes nothing",
    async run(s) {
      const { slow, stale } = await takenOver(s);
      assert.equal(await slow.recordFailure(stale, RECORD), false);
      const { failures, crashes, delayMs } = await historyAfter(s);
      assert.deepEqual({ failures, crashes, delayMs }, { failures: 0, crashes: 1, delayMs: 0 });
    },
  },
  {
    sentence: "markInHand is refused once another consumer holds the entry, and changes nothing",
    async run(s) {
      const { slow, stale } = await takenOver(s);
      assert.equal(await slow.markInHand(stale), false);
      assert.equal((await historyAfter(s)).isCrashProven, false);
    },
  },
  {
    sentence: "recordFailure and markInHand are refused for what is not pending at all",
    async run(s) {
      const member = await s.member("a");
      await s.append("1");
      const delivery = only(await member.read(10, 0));
      await member.ack([delivery]);
      assert.equal(await member.recordFailure(delivery, RECORD), false);
      assert.equal(await member.markInHand(delivery), false);
    },
  },
  {
    sentence: "deadLetter is refused once another consumer holds the entry, and writes nothing",
    async run(s) {
      const { slow, heir, stale, fresh } = await takenOver(s);
      assert.equal(await slow.deadLetter(stale, failureOf(s, stale)), "fenced");
      assert.equal((await s.adapter.deadLetters.depth(s.address)).depth, 0);
      assert.equal(await heir.deadLetter(fresh, failureOf(s, fresh)), "moved");
      assert.equal((await s.adapter.deadLetters.depth(s.address)).depth, 1);
    },
  },
  {
    sentence: "deadLetter of what is not pending at all says gone, and writes nothing",
    async run(s) {
      const member = await s.member("a");
      await s.append("1");
      const delivery = only(await member.read(10, 0));
      await member.ack([delivery]);
      assert.equal(await member.deadLetter(delivery, failureOf(s, delivery)), "gone");
      assert.equal((await s.adapter.deadLetters.depth(s.address)).depth, 0);
    },
  },
  {
    sentence: "the history is forgotten once the entry is acked or dead-lettered, on both lanes",
    needs: "countHistories",
    async run(s) {
      const count = async (): Promise<number | undefined> => s.harness.countHistories?.(s.stream, s.group);
      const member = await s.member("a");
      await s.append("1", "2");
      const [acked, buried] = await member.read(10, 0);
      assert.ok(acked && buried);
      await member.recordFailure(acked, RECORD);
      await member.markInHand(buried);
      assert.equal(await count(), 2);
      await member.ack([acked]);
      await member.deadLetter(buried, failureOf(s, buried));
      assert.equal(await count(), 0);
      const [letter] = (await s.adapter.deadLetters.list(s.address, null, 10)).letters;
      await s.adapter.deadLetters.replay(s.address, letter?.id ?? "");
      const replayed = only(await member.read(10, 0));
      await member.markInHand(replayed);
      assert.equal(await count(), 1);
      await member.ack([replayed]);
      assert.equal(await count(), 0);
    },
  },
  {
    sentence: "a dead letter can be written once: the second time says gone",
    async run(s) {
      const member = await s.member("a");
      await s.append("1");
      const delivery = only(await member.read(10, 0));
      assert.equal(await member.deadLetter(delivery, failureOf(s, delivery)), "moved");
      assert.equal(await member.deadLetter(delivery, failureOf(s, delivery)), "gone");
      assert.equal((await s.adapter.deadLetters.depth(s.address)).depth, 1);
    },
  },
];
