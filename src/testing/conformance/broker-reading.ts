import assert from "node:assert/strict";

import { sleep } from "../../primitives/abort.ts";
import type { ConformanceCase } from "./harness.ts";
import { entryIds, LONG_MS, only, payloads, until } from "./scenario.ts";

/** Long enough that a case which waits for it fails on its own timeout. */
const BLOCK_MS = 60_000;

export const GROUP_CASES: readonly ConformanceCase[] = [
  {
    sentence: "a new group that starts from 0 gets what was there before it",
    async run(s) {
      const ids = await s.append("old", "older");
      const member = await s.member("a", { startFrom: "0" });
      assert.deepEqual(entryIds(await member.read(10, 0)), ids);
    },
  },
  {
    sentence: "a new group that starts from $ gets only what comes after it",
    async run(s) {
      await s.append("old");
      const member = await s.member("a", { startFrom: "$" });
      const ids = await s.append("new");
      assert.deepEqual(entryIds(await member.read(10, 0)), ids);
    },
  },
  {
    sentence: "a new group that starts from an entry id gets what lies behind that entry",
    async run(s) {
      const [, second = "", ...rest] = await s.append("1", "2", "3", "4");
      const member = await s.member("a", { startFrom: second });
      assert.deepEqual(entryIds(await member.read(10, 0)), rest);
    },
  },
  {
    sentence: "ensureGroups says how many it made: some at first, none afterwards, by whichever member",
    async run(s) {
      const first = s.consumer("a");
      assert.ok((await first.ensureGroups()) >= 1);
      assert.equal(await first.ensureGroups(), 0);
      assert.equal(await s.consumer("b", { startFrom: "$" }).ensureGroups(), 0);
    },
  },
  {
    sentence: "members that start at the same moment all find the group",
    async run(s) {
      const ids = await s.append("1");
      const members = await Promise.all(["a", "b", "c"].map((name) => s.member(name)));
      const read = await Promise.all(members.map((member) => member.read(10, 0)));
      assert.deepEqual(entryIds(read.flat()), ids);
    },
  },
  {
    sentence: "ensureGroups does not move a group that exists",
    async run(s) {
      const member = await s.member("a");
      await s.append("1");
      only(await member.read(10, 0));
      await member.ensureGroups();
      await s.member("b", { startFrom: "0" });
      assert.deepEqual(await member.read(10, 0), []);
    },
  },
];

export const READING_CASES: readonly ConformanceCase[] = [
  {
    sentence: "two groups each get every entry, and one's ack is nothing to the other",
    async run(s) {
      const audit = await s.member("a");
      const mailer = await s.member("a", { group: "shop.Mailer" });
      const ids = await s.append("1", "2");
      await audit.ack(await audit.read(10, 0));
      assert.deepEqual(entryIds(await mailer.read(10, 0)), ids);
      assert.equal((await s.adapter.admin.inspect({ stream: s.stream, group: "shop.Mailer" })).pending, 2);
    },
  },
  {
    sentence: "two consumers of a group share its entries: each goes to exactly one",
    async run(s) {
      const [a, b] = [await s.member("a"), await s.member("b")];
      const ids = await s.append("1", "2", "3", "4");
      const [first, second] = [await a.read(2, 0), await b.read(2, 0)];
      assert.deepEqual(entryIds([...first, ...second]), ids);
      assert.deepEqual([await a.read(10, 0), await b.read(10, 0)], [[], []]);
    },
  },
  {
    sentence: "read gives at most `count` entries, oldest first, and goes on where it stopped",
    async run(s) {
      const member = await s.member("a");
      await s.append("1", "2", "3", "4", "5");
      assert.deepEqual(payloads(await member.read(2, 0)), ["1", "2"]);
      assert.deepEqual(payloads(await member.read(2, 0)), ["3", "4"]);
      assert.deepEqual(payloads(await member.read(2, 0)), ["5"]);
    },
  },
  {
    sentence: "a first delivery comes on lane main with an empty history",
    async run(s) {
      const member = await s.member("a");
      await s.append("1");
      const { lane, history, replay } = only(await member.read(10, 0));
      assert.equal(lane, "main");
      assert.equal(replay, undefined);
      const { firstFailedAt, ...counts } = history;
      assert.deepEqual(counts, { failures: 0, crashes: 0, isCrashProven: false, delayMs: 0 });
      assert.equal(firstFailedAt, undefined);
    },
  },
  {
    sentence: "read with nothing to read and blockMs 0 answers at once, empty",
    async run(s) {
      const member = await s.member("a");
      assert.deepEqual(await member.read(10, 0), []);
    },
  },
  {
    sentence: "read waits for blockMs when nothing comes, then answers empty",
    async run(s) {
      const member = await s.member("a");
      const since = performance.now();
      assert.deepEqual(await member.read(10, 80), []);
      assert.ok(performance.now() - since >= 70, "it came back early");
    },
  },
  {
    sentence: "a waiting read answers as soon as an entry is appended",
    async run(s) {
      const member = await s.member("a");
      const reading = member.read(10, BLOCK_MS);
      await sleep(20);
      const ids = await s.append("1");
      assert.deepEqual(entryIds(await reading), ids);
    },
  },
  {
    sentence: "of two waiting readers one gets the entry, and the other goes on waiting",
    async run(s) {
      const [a, b] = [await s.member("a"), await s.member("b")];
      const got: string[] = [];
      const reading = [a, b].map(async (member) => got.push(...entryIds(await member.read(10, BLOCK_MS))));
      await sleep(20);
      const first = await s.append("1");
      await Promise.race(reading);
      assert.deepEqual(got, first);
      const second = await s.append("2");
      await Promise.all(reading);
      assert.deepEqual(got, [...first, ...second]);
    },
  },
  {
    sentence: "wake ends a waiting read at once, empty; the next read waits again",
    async run(s) {
      const member = await s.member("a");
      const reading = member.read(10, BLOCK_MS);
      await sleep(20);
      await member.wake();
      assert.deepEqual(await reading, []);
      const ids = await s.append("1");
      assert.deepEqual(entryIds(await member.read(10, BLOCK_MS)), ids);
    },
  },
  {
    sentence: "wake right behind the start of a read ends it too, and without a read it does nothing",
    async run(s) {
      const member = await s.member("a");
      await member.wake();
      const reading = member.read(10, BLOCK_MS);
      await member.wake();
      assert.deepEqual(await reading, []);
    },
  },
  {
    sentence: "a wake that meets an append loses nothing",
    async run(s) {
      const member = await s.member("a");
      const sent: string[] = [];
      const got: string[] = [];
      for (let round = 0; round < 25; round += 1) {
        const reading = member.read(10, BLOCK_MS);
        const [ids] = await Promise.all([s.append(`${round}`), member.wake()]);
        sent.push(...ids);
        got.push(...entryIds(await reading));
      }
      await until("everything is read", async () => {
        got.push(...entryIds(await member.read(100, 0)));
        return got.length >= sent.length;
      });
      assert.deepEqual(got, sent);
    },
  },
  {
    sentence: "close ends a waiting read",
    async run(s) {
      const member = await s.member("a");
      const reading = member.read(10, BLOCK_MS).then(
        () => "ended",
        () => "ended",
      );
      await sleep(20);
      await member.close();
      assert.equal(await reading, "ended");
      assert.equal(member.state.isConnected, false);
    },
  },
  {
    sentence: "close removes the consumer's name, unless it holds something",
    async run(s) {
      const [idle, holder] = [await s.member("idle"), await s.member("holder")];
      const watcher = await s.member("watcher");
      await s.append("1");
      await idle.ack(await idle.read(10, 0));
      const ids = await s.append("2");
      await holder.read(10, 0);
      await idle.close();
      await holder.close();
      const report = await s.adapter.admin.inspect(s.address);
      assert.deepEqual(
        report.consumers.map(({ name }) => name).filter((name) => name !== "watcher"),
        ["holder"],
      );
      assert.equal(report.pending, 1);
      assert.deepEqual(await watcher.claim(10, LONG_MS), { deliveries: [], missing: [] });
      assert.deepEqual(entryIds((await watcher.claim(10, 0)).deliveries), ids);
    },
  },
];
