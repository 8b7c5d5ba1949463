import assert from "node:assert/strict";

import { replayStream } from "../../message/names.ts";
import type { Consumer, Delivery } from "../../ports/broker.ts";
import { sleep } from "../../primitives/abort.ts";
import type { ConformanceCase } from "./harness.ts";
import { entryIds, failureOf, LEASE_MS, LONG_MS, only, type Scenario } from "./scenario.ts";

/** Dead-letters one entry, replays it and reads it again. */
async function replayed(s: Scenario): Promise<{ member: Consumer; letterId: string; delivery: Delivery }> {
  const member = await s.member("a");
  const [letterId = ""] = await s.bury(member, "poison");
  assert.equal(await s.adapter.deadLetters.replay(s.address, letterId), "replayed");
  return { member, letterId, delivery: only(await member.read(10, 0)) };
}

export const REPLAY_LANE_CASES: readonly ConformanceCase[] = [
  {
    sentence: "a replayed dead letter comes on lane replay, saying where it comes from, and to its subscription only",
    async run(s) {
      const other = await s.member("a", { group: "shop.Mailer" });
      const ids = await s.append("poison");
      const member = await s.member("a");
      const first = only(await member.read(10, 0));
      await member.deadLetter(first, failureOf(s, first));
      const [letter] = (await s.adapter.deadLetters.list(s.address, null, 10)).letters;
      await s.adapter.deadLetters.replay(s.address, letter?.id ?? "");
      const { lane, fields, replay } = only(await member.read(10, 0));
      assert.equal(lane, "replay");
      assert.deepEqual(fields, ["data", "poison"]);
      assert.deepEqual(replay, { replayOf: letter?.id, replays: 1, entryId: ids[0], stream: s.stream });
      assert.deepEqual(entryIds(await other.read(10, 0)), ids);
      assert.deepEqual(await other.read(10, 0), []);
    },
  },
  {
    sentence: "a dead letter replayed twice counts its replays and remembers the original entry",
    async run(s) {
      const { member, delivery } = await replayed(s);
      assert.equal(await member.deadLetter(delivery, failureOf(s, delivery)), "moved");
      const [again] = (await s.adapter.deadLetters.list(s.address, null, 10)).letters;
      assert.deepEqual(again?.fields, ["data", "poison"]);
      await s.adapter.deadLetters.replay(s.address, again?.id ?? "");
      const { replay } = only(await member.read(10, 0));
      assert.deepEqual(replay, { ...delivery.replay, replayOf: again?.id, replays: 2 });
    },
  },
  {
    sentence: "a replayed entry is deleted once it is acked",
    async run(s) {
      const { member, delivery } = await replayed(s);
      assert.equal((await s.adapter.admin.inspect(s.address)).replayBacklog, 1);
      assert.equal(await member.ack([delivery]), 0);
      assert.equal((await s.adapter.admin.inspect(s.address)).replayBacklog, 0);
      assert.deepEqual(await member.recover(() => false), { deliveries: [], missing: [] });
    },
  },
  {
    sentence: "a replayed entry that is dead-lettered again leaves the replay stream",
    async run(s) {
      const { member, delivery } = await replayed(s);
      assert.equal(await member.deadLetter(delivery, failureOf(s, delivery)), "moved");
      const { replayBacklog, dlqDepth } = await s.adapter.admin.inspect(s.address);
      assert.deepEqual({ replayBacklog, dlqDepth }, { replayBacklog: 0, dlqDepth: 1 });
      assert.equal(await member.deadLetter(delivery, failureOf(s, delivery)), "gone");
    },
  },
  {
    sentence: "a replayed entry has a history of its own, and survives its holder like any other",
    async run(s) {
      const { member, letterId, delivery } = await replayed(s);
      assert.deepEqual([delivery.history.failures, delivery.history.crashes], [0, 0]);
      await member.recordFailure(delivery, {
        failures: 1,
        crashes: 0,
        firstFailedAt: "2026-01-01T00:00:00Z",
        delayMs: 0,
      });
      await member.markInHand(delivery);
      const heir = await s.member("heir");
      assert.deepEqual(await heir.claim(10, LONG_MS), { deliveries: [], missing: [] });
      await s.pass(LEASE_MS);
      const claimed = only((await heir.claim(10, LEASE_MS)).deliveries);
      assert.deepEqual(
        [claimed.lane, claimed.fields, claimed.replay?.replayOf],
        ["replay", ["data", "poison"], letterId],
      );
      assert.deepEqual(
        [claimed.history.failures, claimed.history.crashes, claimed.history.isCrashProven],
        [1, 1, true],
      );
      assert.equal(await member.ack([delivery]), 1);
      assert.equal((await s.adapter.admin.inspect(s.address)).replayBacklog, 1);
    },
  },
  {
    sentence: "a replayed entry is extended, released and recovered on its own lane",
    async run(s) {
      const { member, delivery } = await replayed(s);
      assert.deepEqual(await member.extend([delivery]), []);
      assert.equal(only((await member.recover((lane) => lane === "main")).deliveries).lane, "replay");
      assert.deepEqual(await member.recover((lane, id) => lane === "replay" && id === delivery.entryId), {
        deliveries: [],
        missing: [],
      });
      await member.release([delivery]);
      const heir = await s.member("heir");
      assert.equal(only((await heir.claim(10, LONG_MS)).deliveries).replay?.replays, 1);
    },
  },
  {
    sentence: "a replay ends the wait of a reader",
    async run(s) {
      const member = await s.member("a");
      const [letterId = ""] = await s.bury(member, "poison");
      const reading = member.read(10, 60_000);
      await sleep(20);
      await s.adapter.deadLetters.replay(s.address, letterId);
      assert.equal(only(await reading).lane, "replay");
    },
  },
  {
    sentence: "a replay that finds no group on its lane waits for one, also for a subscription that starts from $",
    needs: "deleteStream",
    async run(s) {
      const [letterId = ""] = await s.bury(await s.member("a"), "poison");
      await s.harness.deleteStream?.(replayStream(s.stream, s.group));
      await s.adapter.deadLetters.replay(s.address, letterId);
      const member = await s.member("b", { startFrom: "$" });
      assert.equal(only(await member.read(10, 0)).replay?.replayOf, letterId);
    },
  },
  {
    sentence: "one read brings up to `count` from each lane",
    async run(s) {
      const member = await s.member("a");
      for (const id of await s.bury(member, "1", "2", "3")) await s.adapter.deadLetters.replay(s.address, id);
      await s.append("4", "5", "6");
      const lanes = (await member.read(2, 0)).map(({ lane }) => lane).sort();
      assert.deepEqual(lanes, ["main", "main", "replay", "replay"]);
    },
  },
  {
    sentence: "a dead letter whose record cannot be read is replayed all the same",
    async run(s) {
      const member = await s.member("a");
      await s.append("1");
      await member.deadLetter(only(await member.read(10, 0)), "{not json");
      const [letter] = (await s.adapter.deadLetters.list(s.address, null, 10)).letters;
      assert.equal(letter?.failure, null);
      assert.equal(letter?.failureText, "{not json");
      assert.equal(await s.adapter.deadLetters.replay(s.address, letter?.id ?? ""), "replayed");
      const { fields, replay } = only(await member.read(10, 0));
      assert.deepEqual(fields, ["data", "1"]);
      assert.deepEqual(replay, { replayOf: letter?.id, replays: 1, entryId: letter?.id, stream: s.stream });
    },
  },
];
