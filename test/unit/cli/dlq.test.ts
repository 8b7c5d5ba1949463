import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { BrokerError } from "../../../src/errors.ts";
import type { Failure } from "../../../src/message/failure.ts";
import { replayStream } from "../../../src/message/names.ts";
import { addDeadLetter, createFailure, createWorld, type World } from "./cli-world.ts";

const AUDIT = { stream: "order", group: "shop.AuditHandler" };
const MAIL = { stream: "order", group: "shop.MailHandler" };

async function worldWith(failures: readonly Partial<Failure>[], address = AUDIT): Promise<World & { ids: string[] }> {
  const world = createWorld();
  const ids: string[] = [];
  for (const failure of failures) ids.push(await addDeadLetter(world.adapter, address, failure));
  return { ...world, ids };
}

async function depth(world: World, address = AUDIT): Promise<number> {
  return (await world.adapter.deadLetters.depth(address)).depth;
}

/** How many entries wait on the subscription's replay stream. */
function replayed(world: World, address = AUDIT): number {
  return world.adapter.streams.get(replayStream(address.stream, address.group))?.log.length ?? 0;
}

describe("engine dlq list", () => {
  it("shows a table of the dead letters found on a stream", async () => {
    const world = await worldWith([{ key: "order-7" }]);
    assert.equal(await world.run("dlq", "list", "--stream=order"), 0);
    const [header, row] = world.stdout.lines;
    assert.match(header ?? "", /^id +when \(UTC\) +subscription +type +key +reason +error +attempts +replays$/);
    assert.match(
      row ?? "",
      new RegExp(
        `^${world.ids[0]} .* shop.AuditHandler +OrderPlaced +order-7 +retries_exhausted +TimeoutError: the mail`,
      ),
    );
  });

  it("prints one JSON object a line, with the payload, under --json", async () => {
    const world = await worldWith([{}, {}]);
    await world.run("dlq", "list", "--stream=order", "--json");
    const letters = world.stdout.lines.map((line) => JSON.parse(line) as { id: string; fields: string[][] });
    assert.deepEqual(
      letters.map(({ id }) => id),
      world.ids,
    );
    assert.equal(letters[0]?.fields[0]?.[0], "event");
  });

  it("filters by type and by error, and says when nothing is left", async () => {
    const world = await worldWith([
      { eventType: "OrderPlaced", error: { name: "TypeError", message: "x is undefined" } },
      { eventType: "OrderPaid" },
    ]);
    await world.run("dlq", "list", "--stream=order", "--type=OrderPaid", "--json");
    await world.run("dlq", "list", "--stream=order", "--error=typeerror: X", "--json");
    await world.run("dlq", "list", "--stream=order", "--error=nothing-like-it");
    const ids = world.stdout.lines.map((line) => (JSON.parse(line) as { id: string }).id);
    assert.deepEqual(ids, [world.ids[1], world.ids[0]]);
    assert.match(world.stderr.text, /^no dead letters$/m);
  });

  it("merges subscriptions by time and stops at the limit, saying that there is more", async () => {
    const world = createWorld();
    const first = await addDeadLetter(world.adapter, MAIL);
    const second = await addDeadLetter(world.adapter, AUDIT);
    await addDeadLetter(world.adapter, MAIL);
    await world.run("dlq", "list", "--stream=order", "--limit=2", "--json");
    const ids = world.stdout.lines.map((line) => (JSON.parse(line) as { id: string }).id);
    assert.deepEqual(ids.toSorted(), [first, second].toSorted());
    assert.match(world.stderr.text, /there are more than 2/);
  });

  it("names the subscription that was probably meant, and exits with 2", async () => {
    const world = await worldWith([{}]);
    assert.equal(await world.run("dlq", "list", "--stream=order", "--subscription=AuditHandlr"), 2);
    assert.match(world.stderr.text, /no subscription is called "AuditHandlr"/);
    assert.match(world.stderr.text, /Did you mean AuditHandler\?/);
    assert.match(world.stderr.text, /ENGINE_SUBSCRIPTION_UNKNOWN/);
  });

  it("asks for --domain or --stream where neither is given", async () => {
    const world = createWorld();
    assert.equal(await world.run("dlq", "list"), 2);
    assert.match(world.stderr.text, /Neither --domain nor --stream/);
  });

  it("refuses the embedded broker", async () => {
    const world = createWorld({ isUnshared: true });
    assert.equal(await world.run("dlq", "list", "--stream=order"), 2);
    assert.match(world.stderr.text, /ENGINE_BROKER_UNSHARED/);
  });

  it("goes through more letters than a page holds", async () => {
    const world = await worldWith(Array.from({ length: 230 }, () => ({})));
    await world.run("dlq", "list", "--stream=order", "--limit=1000");
    assert.equal(world.stdout.lines.length, 231);
    assert.equal(world.stdout.lines.filter((line) => line.startsWith("id ")).length, 1);
  });
});

describe("engine dlq show", () => {
  it("prints the whole record with nothing that could steer the terminal", async () => {
    const error = { name: "Error", message: "\u001b[2Jgone \u202eevil", stack: "Error: x\n    at place (file.ts:1:2)" };
    const world = await worldWith([{ error }]);
    assert.equal(await world.run("dlq", "show", world.ids[0] ?? "", "--stream=order"), 0);
    assert.match(world.stdout.text, /error +Error: \\x1b\[2Jgone \\u202eevil/);
    assert.match(world.stdout.text, /at place \(file\.ts:1:2\)/);
    assert.match(world.stdout.text, /field event\n {2}\{\n {4}"specversion": "1\.0"/);
    assert.doesNotMatch(world.stdout.text.replaceAll("\n", ""), /[\p{Cc}\p{Cf}]/u);
  });

  it("names near ids when there is no such dead letter, and exits with 2", async () => {
    const world = await worldWith([{}]);
    assert.equal(await world.run("dlq", "show", "5-0", "--stream=order"), 2);
    assert.match(world.stderr.text, /no dead letter "5-0" in shop\.AuditHandler/);
    assert.match(world.stderr.text, new RegExp(`next ones after it: ${world.ids[0]}`));
  });

  it("says what an id looks like when it is none", async () => {
    const world = await worldWith([{}]);
    assert.equal(await world.run("dlq", "show", "order-1", "--stream=order"), 2);
    assert.match(world.stderr.text, /Ids look like/);
  });
});

describe("engine dlq replay", () => {
  it("moves the given ids, and writes an audit line before and after", async () => {
    const world = await worldWith([{}, {}]);
    assert.equal(await world.run("dlq", "replay", world.ids[1] ?? "", "--stream=order", "--yes"), 0);
    assert.deepEqual([await depth(world), replayed(world)], [1, 1]);
    const lines = world.log.lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    assert.deepEqual(
      lines.map(({ phase }) => phase),
      ["started", "finished"],
    );
    assert.equal(lines[1]?.["audit"], true);
    assert.equal(lines[1]?.["moved"], 1);
    assert.equal(typeof lines[1]?.["user"], "string");
  });

  it("with --all moves what was there at the start, not what failed again meanwhile", async () => {
    // More than a page: the next one is read when the first letters have failed again.
    const world = await worldWith(Array.from({ length: 130 }, () => ({})));
    const { deadLetters } = world.adapter;
    const replay = deadLetters.replay.bind(deadLetters);
    let again = 0;
    deadLetters.replay = async (address, id) => {
      const result = await replay(address, id);
      again += 1;
      assert.ok(again <= 130, "a letter that fails again is replayed in a loop");
      await failAgain(world);
      return result;
    };
    assert.equal(
      await world.run("dlq", "replay", "--stream=order", "--subscription=AuditHandler", "--all", "--yes"),
      0,
    );
    assert.equal(again, 130);
    assert.match(world.stdout.text, /replayed 130 dead letters/);
  });

  it("only counts under --dry-run", async () => {
    const world = await worldWith([{ eventType: "OrderPaid" }, {}, {}]);
    assert.equal(await world.run("dlq", "replay", "--stream=order", "--type=OrderPlaced", "--dry-run"), 0);
    assert.match(world.stdout.text, /2 dead letters would be replayed/);
    assert.equal(await depth(world), 3);
    assert.equal(world.log.text, "");
  });

  it("moves nothing when one of the ids is unknown", async () => {
    const world = await worldWith([{}]);
    assert.equal(await world.run("dlq", "replay", world.ids[0] ?? "", "7-7", "--stream=order", "--yes"), 2);
    assert.equal(await depth(world), 1);
  });

  it("needs --yes where nobody can be asked", async () => {
    const world = await worldWith([{}]);
    assert.equal(await world.run("dlq", "replay", "--stream=order", "--all"), 2);
    assert.match(world.stderr.text, /Add --yes/);
    assert.equal(await depth(world), 1);
  });

  it("wants to be told which ones", async () => {
    const world = await worldWith([{}]);
    assert.equal(await world.run("dlq", "replay", "--stream=order", "--yes"), 2);
    assert.match(world.stderr.text, /which dead letters are to be replayed\?/);
  });

  it("says how many were replayed before the broker failed, and audits it", async () => {
    const world = await worldWith(Array.from({ length: 60 }, () => ({})));
    const { deadLetters } = world.adapter;
    const replay = deadLetters.replay.bind(deadLetters);
    let calls = 0;
    deadLetters.replay = async (address, id) => {
      calls += 1;
      if (calls > 55) throw new BrokerError("the connection was lost", { isTransient: true });
      return replay(address, id);
    };
    assert.equal(await world.run("dlq", "replay", "--stream=order", "--all", "--yes"), 1);
    assert.match(world.stderr.text, /the connection was lost\. 55 dead letters replayed before it/);
    assert.match(world.log.text, /"phase":"failed","moved":55/);
  });

  it("ends at Ctrl-C with what it did so far", async () => {
    const world = await worldWith(Array.from({ length: 5 }, () => ({})));
    const { deadLetters } = world.adapter;
    const replay = deadLetters.replay.bind(deadLetters);
    deadLetters.replay = async (address, id) => {
      world.host.emit("SIGINT");
      return replay(address, id);
    };
    assert.equal(await world.run("dlq", "replay", "--stream=order", "--all", "--rate=1", "--yes"), 1);
    assert.match(world.stdout.text, /replayed 1 dead letter$/m);
    assert.match(world.stderr.text, /interrupted/);
    assert.equal(world.host.listenerCount("SIGINT"), 0);
  });

  it("keeps to --rate", async () => {
    const world = await worldWith(Array.from({ length: 6 }, () => ({})));
    const startedAt = performance.now();
    await world.run("dlq", "replay", "--stream=order", "--all", "--rate=50", "--yes");
    assert.ok(performance.now() - startedAt >= 30, "six at fifty a second are not there at once");
    assert.equal(replayed(world), 6);
  });
});

describe("engine dlq purge", () => {
  it("deletes what matches and leaves the rest", async () => {
    const world = await worldWith([{ eventType: "OrderPaid" }, {}]);
    assert.equal(await world.run("dlq", "purge", "--stream=order", "--type=OrderPaid", "--yes", "--json"), 0);
    assert.deepEqual(JSON.parse(world.stdout.text), {
      action: "dlq.purge",
      purged: 1,
      not_found: 0,
      interrupted: false,
    });
    assert.deepEqual([await depth(world), replayed(world)], [1, 0]);
  });

  it("keeps to --limit, the oldest first", async () => {
    const world = await worldWith([{}, {}, {}]);
    await world.run("dlq", "purge", "--stream=order", "--all", "--limit=2", "--yes");
    const { letters } = await world.adapter.deadLetters.list(AUDIT, null, 10);
    assert.deepEqual(
      letters.map(({ id }) => id),
      [world.ids[2]],
    );
  });
});

describe("engine dlq stats", () => {
  it("counts by subscription and kind of error, the most frequent first", async () => {
    const world = await worldWith([
      { fingerprint: "aaaaaaaaaaaa" },
      { fingerprint: "bbbbbbbbbbbb" },
      { fingerprint: "bbbbbbbbbbbb" },
    ]);
    await world.run("dlq", "stats", "--stream=order", "--json");
    const { total, groups } = JSON.parse(world.stdout.text) as { total: number; groups: Record<string, unknown>[] };
    assert.equal(total, 3);
    assert.deepEqual(
      groups.map(({ fingerprint, count }) => [fingerprint, count]),
      [
        ["bbbbbbbbbbbb", 2],
        ["aaaaaaaaaaaa", 1],
      ],
    );
  });
});

/** What was replayed is read again and fails again. */
async function failAgain(world: World): Promise<void> {
  const consumer = world.adapter.broker.createConsumer({ ...AUDIT, consumer: "again", startFrom: "0" });
  await consumer.ensureGroups();
  for (const delivery of await consumer.read(10, 0)) {
    await consumer.deadLetter(delivery, JSON.stringify(createFailure()));
  }
}
