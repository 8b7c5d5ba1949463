/** The contract of `ports/dead-letters.ts`, case by case. */
import assert from "node:assert/strict";

import type { DeadLetter } from "../../ports/dead-letters.ts";
import { idAfter, parseId } from "./entry-id.ts";
import { registerCases, type BrokerHarness, type ConformanceCase } from "./harness.ts";
import { failureOf, only, type Scenario } from "./scenario.ts";

/** Registers the suite of the dead letters. */
export function deadLettersConformance(harness: BrokerHarness): void {
  registerCases(harness, "DeadLetters", {
    looking: LOOKING_CASES,
    "replaying and purging": MOVING_CASES,
    trimming: TRIMMING_CASES,
  });
}

async function lettersOf(s: Scenario): Promise<readonly DeadLetter[]> {
  return (await s.adapter.deadLetters.list(s.address, null, 1000)).letters;
}

function idsOf(letters: readonly DeadLetter[]): readonly string[] {
  return letters.map(({ id }) => id);
}

const LOOKING_CASES: readonly ConformanceCase[] = [
  {
    sentence: "without dead letters everything is empty, and nothing is an error",
    async run(s) {
      const { deadLetters } = s.adapter;
      assert.deepEqual(await deadLetters.subscriptions(s.stream), []);
      assert.deepEqual(await deadLetters.list(s.address, null, 10), { letters: [], next: null });
      assert.deepEqual(await deadLetters.depth(s.address), {
        depth: 0,
        oldestId: null,
        newestId: null,
        oldestSeconds: null,
      });
      assert.equal(await deadLetters.trim(s.address, 0, 10), 0);
      assert.equal(await deadLetters.purge(s.address, ["1-1"]), 0);
      assert.equal(await deadLetters.purge(s.address, []), 0);
    },
  },
  {
    sentence: "subscriptions names every subscription of this stream that has dead letters, and of no other stream",
    async run(s) {
      const groups = ["shop.Audit", "shop.Mailer"];
      const longer = `${s.stream}2`;
      for (const [stream, group] of [...groups.map((name) => [s.stream, name]), [longer, "shop.Other"]] as const) {
        const member = await s.member("a", { stream: stream ?? "", group: group ?? "" });
        await s.adapter.broker.append([{ stream: stream ?? "", fields: ["data", "1"] }]);
        for (const delivery of await member.read(10, 0)) await member.deadLetter(delivery, failureOf(s, delivery));
      }
      const found = await s.adapter.deadLetters.subscriptions(s.stream);
      assert.deepEqual(found.map(({ group }) => group).toSorted(), groups);
      assert.ok(found.every(({ stream }) => stream === s.stream));
    },
  },
  {
    sentence: "list gives the oldest first, page by page, each letter once",
    async run(s) {
      const ids = await s.bury(await s.member("a"), "1", "2", "3", "4", "5");
      const seen: DeadLetter[] = [];
      let after: string | null = null;
      let pages = 0;
      do {
        const page: Awaited<ReturnType<typeof s.adapter.deadLetters.list>> = await s.adapter.deadLetters.list(
          s.address,
          after,
          2,
        );
        assert.ok(page.letters.length <= 2);
        seen.push(...page.letters);
        after = page.next;
        pages += 1;
      } while (after !== null && pages < 10);
      assert.deepEqual(idsOf(seen), ids);
      assert.deepEqual(
        seen.map(({ fields }) => fields[1]),
        ["1", "2", "3", "4", "5"],
      );
    },
  },
  {
    sentence: "get gives one letter with its stream and subscription, and null for an id that is not there",
    async run(s) {
      const [id = ""] = await s.bury(await s.member("a"), "1");
      const letter = await s.adapter.deadLetters.get(s.address, id);
      assert.deepEqual([letter?.id, letter?.stream, letter?.subscription], [id, s.stream, s.group]);
      assert.deepEqual(letter, (await lettersOf(s))[0]);
      assert.equal(await s.adapter.deadLetters.get(s.address, idAfter(id)), null);
      assert.equal(await s.adapter.deadLetters.get({ ...s.address, group: "shop.Mailer" }, id), null);
    },
  },
  {
    sentence: "a text that is no whole id is an unknown id, also half of one that is there",
    async run(s) {
      const [whole = ""] = await s.bury(await s.member("a"), "1");
      const { deadLetters } = s.adapter;
      for (const id of ["nonsense", "", "-", "+", "$", "1-2-3", `${parseId(whole).ms}`]) {
        assert.equal(await deadLetters.get(s.address, id), null, id);
        assert.equal(await deadLetters.replay(s.address, id), "not_found", id);
        assert.equal(await deadLetters.purge(s.address, [id]), 0, id);
      }
      assert.equal((await deadLetters.depth(s.address)).depth, 1);
    },
  },
  {
    sentence: "depth tells how many there are, the oldest and the newest, and how old the oldest is",
    async run(s) {
      const member = await s.member("a");
      const [oldest] = await s.bury(member, "1");
      await s.pass(120);
      const [, newest] = await s.bury(member, "2", "3");
      const { oldestSeconds, ...rest } = await s.adapter.deadLetters.depth(s.address);
      assert.deepEqual(rest, { depth: 3, oldestId: oldest, newestId: newest });
      assert.ok(oldestSeconds !== null && oldestSeconds >= 0.1 && oldestSeconds < 30, `${oldestSeconds} s`);
    },
  },
];

const MOVING_CASES: readonly ConformanceCase[] = [
  {
    sentence: "replay takes the letter out, once: the second time it is not found",
    async run(s) {
      const [first = "", second = ""] = await s.bury(await s.member("a"), "1", "2");
      assert.equal(await s.adapter.deadLetters.replay(s.address, first), "replayed");
      assert.equal(await s.adapter.deadLetters.replay(s.address, first), "not_found");
      assert.deepEqual(idsOf(await lettersOf(s)), [second]);
      assert.equal((await s.adapter.admin.inspect(s.address)).replayBacklog, 1);
    },
  },
  {
    sentence: "of replays of one letter at the same moment one moves it",
    async run(s) {
      const member = await s.member("a");
      const [id = ""] = await s.bury(member, "1");
      const results = await Promise.all([1, 2, 3, 4].map(() => s.adapter.deadLetters.replay(s.address, id)));
      assert.deepEqual(results.toSorted(), ["not_found", "not_found", "not_found", "replayed"]);
      only(await member.read(10, 0));
    },
  },
  {
    sentence: "purge deletes the ids it is given, no others, and counts those that were there",
    async run(s) {
      const [first = "", second = "", third = ""] = await s.bury(await s.member("a"), "1", "2", "3");
      assert.equal(await s.adapter.deadLetters.purge(s.address, [first, third, idAfter(third)]), 2);
      assert.equal(await s.adapter.deadLetters.purge(s.address, [first]), 0);
      assert.deepEqual(idsOf(await lettersOf(s)), [second]);
    },
  },
  {
    sentence: "one subscription's purge, trim and replay leave another's letters alone",
    async run(s) {
      const audit = await s.member("a");
      const mailer = await s.member("a", { group: "shop.Mailer" });
      const ids = await s.bury(audit, "1", "2", "3");
      for (const delivery of await mailer.read(10, 0)) await mailer.deadLetter(delivery, failureOf(s, delivery));
      const other = { ...s.address, group: "shop.Mailer" };
      await s.pass(20);
      await s.adapter.deadLetters.replay(s.address, ids[0] ?? "");
      await s.adapter.deadLetters.purge(s.address, [ids[1] ?? ""]);
      assert.equal(await s.adapter.deadLetters.trim(s.address, 10, 100), 1);
      assert.equal((await s.adapter.deadLetters.depth(other)).depth, 3);
      assert.deepEqual(await mailer.read(10, 0), []);
    },
  },
];

const TRIMMING_CASES: readonly ConformanceCase[] = [
  {
    sentence: "trim deletes exactly those that are older, also when there are few",
    async run(s) {
      const member = await s.member("a");
      await s.bury(member, "1", "2", "3", "4", "5", "6", "7");
      await s.pass(401);
      const young = await s.bury(member, "8", "9");
      assert.equal(await s.adapter.deadLetters.trim(s.address, 400, 1000), 7);
      assert.deepEqual(idsOf(await lettersOf(s)), young);
      assert.equal(await s.adapter.deadLetters.trim(s.address, 400, 1000), 0);
    },
  },
  {
    sentence: "trim deletes at most `limit` a call, the oldest first",
    async run(s) {
      const ids = await s.bury(await s.member("a"), "1", "2", "3", "4", "5");
      await s.pass(20);
      assert.equal(await s.adapter.deadLetters.trim(s.address, 10, 2), 2);
      assert.deepEqual(idsOf(await lettersOf(s)), ids.slice(2));
      assert.equal(await s.adapter.deadLetters.trim(s.address, 10, 2), 2);
      assert.equal(await s.adapter.deadLetters.trim(s.address, 10, 2), 1);
      assert.equal(await s.adapter.deadLetters.trim(s.address, 10, 2), 0);
    },
  },
  {
    sentence: "trim goes by when a message was dead-lettered, not by when it was appended",
    async run(s) {
      const member = await s.member("a");
      await s.append("old message");
      await s.pass(400);
      const delivery = only(await member.read(10, 0));
      await member.deadLetter(delivery, failureOf(s, delivery));
      assert.equal(await s.adapter.deadLetters.trim(s.address, 400, 10), 0);
    },
  },
];
