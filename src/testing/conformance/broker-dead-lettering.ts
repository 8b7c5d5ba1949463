import assert from "node:assert/strict";

import type { ConformanceCase } from "./harness.ts";
import { AWKWARD_FIELDS, entryIds, failureOf, only, payloads } from "./scenario.ts";

const NOT_UTF8 = Buffer.from([0xff, 0x00, 0xfe, 0x80, 0xc3, 0x28]);

export const DEAD_LETTERING_CASES: readonly ConformanceCase[] = [
  {
    sentence: "deadLetter moves the entry with its failure and acks it, for this group only",
    async run(s) {
      const member = await s.member("a");
      const ids = await s.append("1");
      const delivery = only(await member.read(10, 0));
      const failure = failureOf(s, delivery);
      assert.equal(await member.deadLetter(delivery, failure), "moved");
      assert.equal((await s.adapter.admin.inspect(s.address)).pending, 0);
      const { letters } = await s.adapter.deadLetters.list(s.address, null, 10);
      assert.equal(letters.length, 1);
      assert.deepEqual(letters[0]?.fields, ["data", "1"]);
      assert.equal(letters[0]?.failureText, failure);
      assert.deepEqual(letters[0]?.failure, JSON.parse(failure));
      const other = await s.member("a", { group: "shop.Mailer" });
      assert.deepEqual(entryIds(await other.read(10, 0)), ids);
    },
  },
  ...Object.entries(AWKWARD_FIELDS).map(([what, fields]): ConformanceCase => ({
    sentence: `a dead letter and its replay keep the fields as they were: ${what}`,
    async run(s) {
      const member = await s.member("a");
      await s.appendFields(fields);
      const delivery = only(await member.read(10, 0));
      assert.equal(await member.deadLetter(delivery, failureOf(s, delivery)), "moved");
      const [letter] = (await s.adapter.deadLetters.list(s.address, null, 10)).letters;
      assert.deepEqual(letter?.fields, fields);
      assert.equal(letter?.failure?.entryId, delivery.entryId);
      assert.equal(await s.adapter.deadLetters.replay(s.address, letter?.id ?? ""), "replayed");
      const replayed = only(await member.read(10, 0));
      assert.deepEqual(replayed.fields, fields);
      assert.equal(await member.deadLetter(replayed, failureOf(s, replayed)), "moved");
      const [again] = (await s.adapter.deadLetters.list(s.address, null, 10)).letters;
      assert.deepEqual(again?.fields, fields);
      assert.equal(again?.failure?.replays, 1);
    },
  })),
  {
    sentence: "rawFields gives the bytes of names and values, in order, on both lanes",
    async run(s) {
      const member = await s.member("a");
      const fields = ["a", "é", "b", "", "ä", "👩‍🚀"];
      await s.appendFields(fields);
      const delivery = only(await member.read(10, 0));
      const expected = fields.map((text) => Buffer.from(text).toString("hex"));
      const hex = async (of: typeof delivery): Promise<readonly string[] | undefined> =>
        (await member.rawFields(of))?.map((value) => Buffer.from(value).toString("hex"));
      assert.deepEqual(await hex(delivery), expected);
      await member.deadLetter(delivery, failureOf(s, delivery));
      const [letter] = (await s.adapter.deadLetters.list(s.address, null, 10)).letters;
      await s.adapter.deadLetters.replay(s.address, letter?.id ?? "");
      assert.deepEqual(await hex(only(await member.read(10, 0))), expected);
    },
  },
  {
    sentence: "rawFields of an entry that is gone is null",
    needs: "deleteEntry",
    async run(s) {
      const member = await s.member("a");
      const [id = ""] = await s.append("1");
      const delivery = only(await member.read(10, 0));
      await s.harness.deleteEntry?.(s.stream, id);
      assert.equal(await member.rawFields(delivery), null);
    },
  },
  {
    sentence: "bytes that are not UTF-8 survive dead-lettering and replay",
    needs: "appendBytes",
    async run(s) {
      const member = await s.member("a");
      await s.harness.appendBytes?.(s.stream, [Buffer.from("blob"), NOT_UTF8]);
      const delivery = only(await member.read(10, 0));
      await member.deadLetter(delivery, failureOf(s, delivery));
      const [letter] = (await s.adapter.deadLetters.list(s.address, null, 10)).letters;
      assert.equal(letter?.failure?.reason, "retries_exhausted");
      await s.adapter.deadLetters.replay(s.address, letter?.id ?? "");
      const [, value] = (await member.rawFields(only(await member.read(10, 0)))) ?? [];
      assert.deepEqual(Buffer.from(value ?? []), NOT_UTF8);
    },
  },
  {
    sentence: "dead letters come in the order they were written",
    async run(s) {
      const member = await s.member("a");
      await s.append("1", "2", "3");
      for (const delivery of (await member.read(10, 0)).toReversed()) {
        await member.deadLetter(delivery, failureOf(s, delivery));
      }
      const { letters } = await s.adapter.deadLetters.list(s.address, null, 10);
      assert.deepEqual(
        letters.map(({ fields }) => fields.at(-1)),
        ["3", "2", "1"],
      );
    },
  },
  {
    sentence: "an entry deleted while it was held is dead-lettered with its failure at least",
    needs: "deleteEntry",
    async run(s) {
      const member = await s.member("a");
      const [id = ""] = await s.append("1");
      const delivery = only(await member.read(10, 0));
      await s.harness.deleteEntry?.(s.stream, id);
      assert.equal(await member.deadLetter(delivery, failureOf(s, delivery)), "moved");
      const [letter] = (await s.adapter.deadLetters.list(s.address, null, 10)).letters;
      assert.equal(letter?.failure?.entryId, id);
      assert.equal((await s.adapter.admin.inspect(s.address)).pending, 0);
    },
  },
  {
    sentence: "a stream with a hash tag of its own is read, dead-lettered and replayed like any other",
    async run(s) {
      const stream = `{tenant}${s.stream}`;
      const address = { stream, group: s.group };
      const member = await s.member("a", { stream });
      await s.adapter.broker.append([{ stream, fields: ["data", "1"] }]);
      const delivery = only(await member.read(10, 0));
      assert.equal(await member.deadLetter(delivery, failureOf(address, delivery)), "moved");
      const [letter] = (await s.adapter.deadLetters.list(address, null, 10)).letters;
      assert.deepEqual(await s.adapter.deadLetters.subscriptions(stream), [address]);
      await s.adapter.deadLetters.replay(address, letter?.id ?? "");
      assert.deepEqual(payloads(await member.read(10, 0)), ["1"]);
    },
  },
];
