import assert from "node:assert/strict";

import type { StreamRetention } from "../../ports/broker-admin.ts";
import type { ConformanceCase } from "./harness.ts";
import { entryIds, LONG_MS, only, type Scenario } from "./scenario.ts";

const KEEP_NONE: StreamRetention = { maxLength: 0, maxAgeMs: null };

async function trim(s: Scenario, retention: StreamRetention, limit = 1000): Promise<number> {
  const result = await s.adapter.admin.trim(s.stream, retention, { expectedGroups: [], limit });
  if (result.kind === "held") assert.fail(result.reason);
  return result.removed;
}

export const TRIMMING_CASES: readonly ConformanceCase[] = [
  {
    sentence: "a stream is trimmed to its length exactly, also when it is short",
    async run(s) {
      const ids = await s.append("1", "2", "3", "4", "5", "6", "7", "8");
      assert.equal(await trim(s, { maxLength: 3, maxAgeMs: null }), 5);
      assert.equal(await trim(s, { maxLength: 3, maxAgeMs: null }), 0);
      assert.deepEqual(await s.remaining(), ids.slice(5));
    },
  },
  {
    sentence: "a stream is trimmed by age exactly",
    async run(s) {
      await s.append("1", "2", "3");
      await s.pass(401);
      const young = await s.append("4", "5");
      assert.equal(await trim(s, { maxLength: null, maxAgeMs: 400 }), 3);
      assert.deepEqual(await s.remaining(), young);
    },
  },
  {
    sentence: "without limits nothing is trimmed, and a stream that does not exist is no error",
    async run(s) {
      assert.equal(await trim(s, KEEP_NONE), 0);
      const ids = await s.append("1", "2");
      await s.pass(20);
      assert.equal(await trim(s, { maxLength: null, maxAgeMs: null }), 0);
      assert.deepEqual(await s.remaining(), ids);
    },
  },
  {
    sentence: "at most `limit` entries go in a call, the oldest first",
    async run(s) {
      const ids = await s.append("1", "2", "3", "4", "5");
      assert.equal(await trim(s, KEEP_NONE, 2), 2);
      assert.equal(await trim(s, { maxLength: null, maxAgeMs: 0 }, 0), 0);
      assert.deepEqual(await s.remaining(), ids.slice(2));
    },
  },
  {
    sentence: "what some group has not been delivered stays",
    async run(s) {
      const member = await s.member("a");
      const ids = await s.append("1", "2", "3", "4");
      await member.ack(await member.read(2, 0));
      assert.equal(await trim(s, KEEP_NONE), 2);
      assert.deepEqual(entryIds(await member.read(10, 0)), ids.slice(2));
    },
  },
  {
    sentence: "what is pending stays, with all behind it, and goes once it is acked",
    async run(s) {
      const member = await s.member("a");
      await s.append("1", "2", "3", "4", "5");
      const [first, second, third, ...rest] = await member.read(10, 0);
      assert.ok(first && second && third);
      await member.ack([first, second, ...rest]);
      assert.equal(await trim(s, KEEP_NONE), 2);
      assert.deepEqual((await member.recover(() => false)).missing, []);
      await member.ack([third]);
      assert.equal(await trim(s, KEEP_NONE), 3);
    },
  },
  {
    sentence: "the slowest group counts, of whichever application",
    async run(s) {
      const fast = await s.member("a");
      const slow = await s.member("a", { group: "other-app.Mailer" });
      const ids = await s.append("1", "2", "3");
      await fast.ack(await fast.read(10, 0));
      assert.equal(await trim(s, KEEP_NONE), 0);
      await slow.ack(await slow.read(1, 0));
      assert.equal(await trim(s, KEEP_NONE), 1);
      assert.deepEqual(entryIds(await slow.read(10, 0)), ids.slice(1));
    },
  },
  {
    sentence: "a dead-lettered entry is settled: it may be trimmed, and can still be replayed",
    async run(s) {
      const member = await s.member("a");
      const [id = ""] = await s.bury(member, "1");
      assert.equal(await trim(s, KEEP_NONE), 1);
      await s.adapter.deadLetters.replay(s.address, id);
      assert.deepEqual(only(await member.read(10, 0)).fields, ["data", "1"]);
    },
  },
  {
    sentence: "while a group that is expected does not exist, nothing is trimmed, and the reason names it",
    async run(s) {
      const member = await s.member("a");
      const ids = await s.append("1", "2");
      await member.ack(await member.read(10, 0));
      const expectedGroups = [s.group, "shop.Absent"];
      const held = await s.adapter.admin.trim(s.stream, KEEP_NONE, { expectedGroups, limit: 100 });
      assert.equal(held.kind, "held");
      assert.match(held.kind === "held" ? held.reason : "", /shop\.Absent/);
      assert.deepEqual(await s.remaining(), ids);
    },
  },
  {
    sentence: "a stream that was trimmed goes on as before",
    async run(s) {
      const member = await s.member("a");
      await s.append("1", "2");
      await member.ack(await member.read(10, 0));
      await s.adapter.admin.trim(s.stream, KEEP_NONE, { expectedGroups: [s.group], limit: 100 });
      const ids = await s.append("3");
      assert.equal((await s.adapter.admin.inspect(s.address)).lag, 1);
      assert.deepEqual(entryIds(await member.read(10, LONG_MS)), ids);
    },
  },
];
