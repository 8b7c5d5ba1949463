import assert from "node:assert/strict";

import { BrokerError } from "../../errors.ts";
import { replayStream } from "../../message/names.ts";
import type { MissingEntry } from "../../ports/broker.ts";
import { sleep } from "../../primitives/abort.ts";
import type { ConformanceCase } from "./harness.ts";
import { entryIds, failureOf, LEASE_MS, LONG_MS, only, until } from "./scenario.ts";

function isGroupGone(error: unknown): boolean {
  return error instanceof BrokerError && error.isGroupGone;
}

export const LOSS_CASES: readonly ConformanceCase[] = [
  {
    sentence: "claim reports entries deleted while pending, beside the others, and again until they are buried",
    needs: "deleteEntry",
    async run(s) {
      const [gone = "", left = ""] = await s.append("gone", "left");
      await s.lostMember("lost");
      await s.harness.deleteEntry?.(s.stream, gone);
      const [heir, third] = [await s.member("heir"), await s.member("third")];
      await s.pass(LEASE_MS);
      const first = await heir.claim(10, LEASE_MS);
      assert.equal(only(first.deliveries).entryId, left);
      const missing: MissingEntry[] = [{ lane: "main", entryId: gone }];
      assert.deepEqual(first.missing, missing);
      await s.pass(LEASE_MS);
      assert.deepEqual((await third.claim(10, LEASE_MS)).missing, missing);
    },
  },
  {
    sentence: "buryMissing acks the entry and leaves a dead letter of its failure alone; the second one says gone",
    needs: "deleteEntry",
    async run(s) {
      const [gone = ""] = await s.append("gone");
      await s.lostMember("lost");
      await s.harness.deleteEntry?.(s.stream, gone);
      const heir = await s.member("heir");
      await s.pass(LEASE_MS);
      const [missing] = (await heir.claim(10, LEASE_MS)).missing;
      assert.ok(missing);
      const failure = failureOf(s, missing);
      assert.equal(await heir.buryMissing(missing, failure), "moved");
      assert.equal(await heir.buryMissing(missing, failure), "gone");
      const { letters } = await s.adapter.deadLetters.list(s.address, null, 10);
      assert.deepEqual(
        letters.map(({ fields, failureText }) => [fields, failureText]),
        [[[], failure]],
      );
      assert.equal((await s.adapter.admin.inspect(s.address)).pending, 0);
      assert.deepEqual(await heir.claim(10, 0), { deliveries: [], missing: [] });
    },
  },
  {
    sentence: "buryMissing leaves alone an entry that exists",
    async run(s) {
      const member = await s.member("a");
      await s.append("1");
      const { lane, entryId } = only(await member.read(10, 0));
      assert.equal(await member.buryMissing({ lane, entryId }, "{}"), "gone");
      assert.equal((await s.adapter.admin.inspect(s.address)).pending, 1);
      assert.equal((await s.adapter.deadLetters.depth(s.address)).depth, 0);
    },
  },
  {
    sentence: "recover reports the consumer's own entries that were deleted while pending",
    needs: "deleteEntry",
    async run(s) {
      const [gone = "", left = ""] = await s.append("gone", "left");
      const member = await s.member("a");
      await member.read(10, 0);
      await s.harness.deleteEntry?.(s.stream, gone);
      const { deliveries, missing } = await member.recover(() => false);
      assert.deepEqual(entryIds(deliveries), [left]);
      assert.deepEqual(missing, [{ lane: "main", entryId: gone }]);
      assert.equal(await member.buryMissing({ lane: "main", entryId: gone }, "{}"), "moved");
    },
  },
  {
    sentence: "read and claim say so when stream and group are gone",
    needs: "deleteStream",
    async run(s) {
      const member = await s.member("a");
      await s.append("1");
      await s.harness.deleteStream?.(s.stream);
      await assert.rejects(member.read(10, 0), isGroupGone);
      await assert.rejects(member.read(10, LONG_MS), isGroupGone);
      await assert.rejects(member.claim(10, LEASE_MS), isGroupGone);
    },
  },
  {
    sentence: "a group that vanished is made again at 0: it gets everything that is left, wherever it once began",
    needs: "deleteStream",
    async run(s) {
      const member = await s.member("a", { startFrom: "$" });
      await s.append("lost with the stream");
      await s.harness.deleteStream?.(s.stream);
      const ids = await s.append("appended since");
      await assert.rejects(member.read(10, 0), isGroupGone);
      assert.ok((await member.ensureGroups()) >= 1);
      assert.deepEqual(entryIds(await member.read(10, 0)), ids);
    },
  },
  {
    sentence: "a read that waits while the stream is deleted ends, or sees what is appended once the group is back",
    needs: "deleteStream",
    async run(s) {
      const member = await s.member("a");
      const helper = await s.member("helper");
      let outcome = "waiting";
      const reading = member.read(10, 1000).then(
        (deliveries) => (outcome = deliveries.length > 0 ? "read" : "ended"),
        (error: unknown) => (outcome = isGroupGone(error) ? "group gone" : `other: ${String(error)}`),
      );
      await sleep(20);
      await s.harness.deleteStream?.(s.stream);
      await helper.ensureGroups();
      await s.append("1");
      await until("the read has ended", () => outcome !== "waiting");
      await reading;
      assert.ok(["read", "ended", "group gone"].includes(outcome), outcome);
    },
  },
  {
    sentence: "a replay stream that is deleted costs nothing of the stream itself",
    needs: "deleteStream",
    async run(s) {
      const member = await s.member("a");
      const ids = await s.append("1");
      await s.harness.deleteStream?.(replayStream(s.stream, s.group));
      await assert.rejects(member.read(10, 0), isGroupGone);
      assert.equal(await member.ensureGroups(), 1);
      const recovered = (await member.recover(() => false)).deliveries;
      assert.deepEqual(entryIds([...recovered, ...(await member.read(10, 0))]), ids);
    },
  },
];
