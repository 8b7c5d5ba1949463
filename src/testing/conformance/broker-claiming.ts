import assert from "node:assert/strict";

import type { Delivery } from "../../ports/broker.ts";
import type { ConformanceCase } from "./harness.ts";
import { entryIds, LEASE_MS, LONG_MS, only } from "./scenario.ts";

const NOTHING = { deliveries: [], missing: [] };

export const CLAIMING_CASES: readonly ConformanceCase[] = [
  {
    sentence: "claim takes over what has been idle for the lease, and nothing before that",
    async run(s) {
      const ids = await s.append("1", "2");
      await s.lostMember("lost");
      const heir = await s.member("heir");
      assert.deepEqual(await heir.claim(10, LONG_MS), NOTHING);
      await s.pass(LEASE_MS);
      const { deliveries, missing } = await heir.claim(10, LEASE_MS);
      assert.deepEqual(entryIds(deliveries), ids);
      assert.deepEqual(
        deliveries.map(({ lane, fields }) => [lane, fields]),
        [
          ["main", ["data", "1"]],
          ["main", ["data", "2"]],
        ],
      );
      assert.deepEqual(missing, []);
    },
  },
  {
    sentence: "what was claimed has a new lease, and belongs to the claimer",
    async run(s) {
      await s.append("1");
      await s.lostMember("lost");
      const [heir, third] = [await s.member("heir"), await s.member("third")];
      await s.pass(400);
      const claimed = (await heir.claim(10, 400)).deliveries;
      only(claimed);
      assert.deepEqual(await third.claim(10, 400), NOTHING);
      assert.equal(await heir.ack(claimed), 0);
      assert.equal((await s.adapter.admin.inspect(s.address)).pending, 0);
    },
  },
  {
    sentence: "claim never takes what the claimer itself holds",
    async run(s) {
      await s.append("1");
      const member = await s.member("a");
      await member.read(10, 0);
      await s.pass(LEASE_MS);
      assert.deepEqual(await member.claim(10, LEASE_MS), NOTHING);
      assert.deepEqual(await member.claim(10, 0), NOTHING);
    },
  },
  {
    sentence: "claim takes at most `count`, the oldest first",
    async run(s) {
      const ids = await s.append("1", "2", "3", "4", "5");
      await s.lostMember("lost");
      const heir = await s.member("heir");
      await s.pass(LEASE_MS);
      assert.deepEqual(entryIds((await heir.claim(2, LEASE_MS)).deliveries), ids.slice(0, 2));
      assert.deepEqual(entryIds((await heir.claim(10, LEASE_MS)).deliveries), ids.slice(2));
    },
  },
  {
    sentence: "claim finds a lost entry behind many of the claimer's own",
    async run(s) {
      const heir = await s.member("heir");
      await s.append(...Array.from({ length: 300 }, (_, index) => `${index}`));
      await heir.read(1000, 0);
      const ids = await s.append("lost");
      await s.lostMember("lost");
      await s.pass(LEASE_MS);
      assert.deepEqual(entryIds((await heir.claim(1, LEASE_MS)).deliveries), ids);
    },
  },
  {
    sentence: "of claimers at the same moment only one gets each entry",
    async run(s) {
      const ids = await s.append("1", "2", "3", "4", "5", "6");
      await s.lostMember("lost");
      const heirs = await Promise.all(["a", "b", "c"].map((name) => s.member(name)));
      await s.pass(400);
      const claimed = await Promise.all(heirs.map((heir) => heir.claim(4, 400)));
      assert.deepEqual(claimed.flatMap(({ deliveries }) => entryIds(deliveries)).sort(), [...ids].sort());
    },
  },
  {
    sentence: "what was released is claimable at once, whatever the lease",
    async run(s) {
      const ids = await s.append("1", "2");
      const [leaver, heir] = [await s.member("leaver"), await s.member("heir")];
      await leaver.release(await leaver.read(10, 0));
      assert.deepEqual(entryIds((await heir.claim(10, LONG_MS)).deliveries), ids);
    },
  },
  {
    sentence: "release leaves alone what another consumer holds by now",
    async run(s) {
      await s.append("1");
      const slow = await s.member("slow");
      const held = await slow.read(10, 0);
      const [heir, third] = [await s.member("heir"), await s.member("third")];
      await s.pass(LEASE_MS);
      only((await heir.claim(10, LEASE_MS)).deliveries);
      await slow.release(held);
      assert.deepEqual(await third.claim(10, LONG_MS), NOTHING);
    },
  },
  {
    sentence: "extend renews the lease, and the delivery still counts as the holder's first",
    async run(s) {
      await s.append("1");
      const [holder, heir] = [await s.member("holder"), await s.member("heir")];
      const held = await holder.read(10, 0);
      await s.pass(400);
      assert.deepEqual(await holder.extend(held), []);
      assert.deepEqual(await heir.claim(10, 400), NOTHING);
      await holder.release(held);
      assert.equal(only((await heir.claim(10, LONG_MS)).deliveries).history.crashes, 0);
    },
  },
  {
    sentence: "extend reports what the consumer no longer holds, and does not take it back",
    async run(s) {
      await s.append("taken", "acked", "kept");
      const [slow, heir] = [await s.member("slow"), await s.member("heir")];
      const [taken, acked, kept] = await slow.read(10, 0);
      assert.ok(taken && acked && kept);
      await s.pass(LEASE_MS);
      only((await heir.claim(1, LEASE_MS)).deliveries);
      await slow.ack([acked]);
      assert.deepEqual(
        entryIds(await slow.extend([taken, acked, kept])).toSorted(),
        entryIds([taken, acked]).toSorted(),
      );
      assert.equal(await heir.ack([taken]), 0);
    },
  },
  {
    sentence: "extend of nothing, release of nothing and ack of nothing are fine",
    async run(s) {
      const member = await s.member("a");
      assert.deepEqual(await member.extend([]), []);
      await member.release([]);
      assert.equal(await member.ack([]), 0);
    },
  },
  {
    sentence: "recover gives this consumer's own pending entries that the caller does not know, and no others",
    async run(s) {
      const [known = "", unseen = ""] = await s.append("known", "unseen");
      const member = await s.member("a");
      await member.read(10, 0);
      await s.append("theirs");
      await s.lostMember("other");
      const { deliveries, missing } = await member.recover((lane, id) => lane === "main" && id === known);
      assert.equal(only(deliveries).entryId, unseen);
      assert.deepEqual(only(deliveries).fields, ["data", "unseen"]);
      assert.deepEqual(missing, []);
      assert.deepEqual(await member.recover(() => true), NOTHING);
    },
  },
  {
    sentence: "what was recovered counts as neither failed nor crashed, and can be settled",
    async run(s) {
      await s.append("1");
      const member = await s.member("a");
      await member.read(10, 0);
      const recovered = only((await member.recover(() => false)).deliveries);
      const { failures, crashes, isCrashProven } = recovered.history;
      assert.deepEqual({ failures, crashes, isCrashProven }, { failures: 0, crashes: 0, isCrashProven: false });
      assert.equal(await member.ack([recovered]), 0);
      assert.equal((await s.adapter.admin.inspect(s.address)).pending, 0);
    },
  },
  {
    sentence:
      "what was released and then recovered is its holder's like any other: losing it now is a crash, an old mark is none",
    async run(s) {
      await s.append("plain", "marked");
      const [holder, heir] = [await s.member("holder"), await s.member("heir")];
      const held = await holder.read(10, 0);
      await holder.markInHand(held[1] as Delivery);
      await holder.release(held);
      const recovered = (await holder.recover(() => false)).deliveries;
      assert.deepEqual(
        recovered.map(({ history }) => history.crashes),
        [0, 0],
      );
      assert.deepEqual(await heir.claim(10, LONG_MS), NOTHING);
      await s.pass(LEASE_MS);
      const lost = (await heir.claim(10, LEASE_MS)).deliveries;
      assert.deepEqual(
        lost.map(({ history }) => history.crashes),
        [1, 1],
      );
      assert.deepEqual(
        lost.map(({ history }) => history.isCrashProven),
        [false, false],
      );
    },
  },
  {
    sentence: "recover finds all of many entries",
    async run(s) {
      const ids = await s.append(...Array.from({ length: 700 }, (_, index) => `${index}`));
      const member = await s.member("a");
      await member.read(1000, 0);
      assert.deepEqual(entryIds((await member.recover(() => false)).deliveries), ids);
    },
  },
];
