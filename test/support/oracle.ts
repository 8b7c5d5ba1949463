/**
 * The judge of a run: what the broker says became of every entry, against what was published and what handlers wrote down.
 * It goes by the stream and its groups alone, never by the engine's own counts.
 */
import assert from "node:assert/strict";
import type { Redis } from "ioredis";
import { unpackFields } from "../../src/adapters/redis/entries.ts";
import type { Failure } from "../../src/message/failure.ts";
import { deadLetterStream, historyKey, replayStream } from "../../src/message/names.ts";
import type { Run } from "../integration/fixtures/jobs-domain.ts";
import { STREAM } from "./job-world.ts";
import { until } from "./until.ts";

export interface StoredLetter {
  readonly id: string;
  /** The original's names and values, byte for byte, without the failure. */
  readonly fields: readonly Buffer[];
  readonly failure: Failure;
}

/** The dead letters of a handler, oldest first, as they are stored. */
export async function lettersOf(redis: Redis, handler: string): Promise<StoredLetter[]> {
  const found = (await redis.xrangeBuffer(deadLetterStream(STREAM, `shop.${handler}`), "-", "+")) as [
    Buffer,
    Buffer[],
  ][];
  return found.map(([id, fields]) => {
    assert.equal(fields.at(-2)?.toString(), "failure", "a dead letter ends in its failure");
    const failure = JSON.parse(fields.at(-1)?.toString() ?? "") as Failure;
    return { id: id.toString(), fields: [...unpackFields(fields.slice(0, -2))], failure };
  });
}

/** The number of the job in a dead letter. */
export function jobOf(letter: StoredLetter): number {
  const at = letter.fields.findIndex((field, index) => index % 2 === 0 && field.toString() === "data");
  return (JSON.parse(letter.fields[at + 1]?.toString() ?? "{}") as { n: number }).n;
}

interface GroupState {
  readonly lag: unknown;
  readonly pending: unknown;
}

async function groupOf(redis: Redis, stream: string, group: string): Promise<GroupState> {
  for (const flat of (await redis.xinfo("GROUPS", stream)) as unknown[][]) {
    const info = new Map(flat.flatMap((name, index) => (index % 2 === 0 ? [[name, flat[index + 1]] as const] : [])));
    if (info.get("name") === group) return { lag: info.get("lag"), pending: info.get("pending") };
  }
  throw new Error(`no group ${group} on ${stream}`);
}

/** Resolves when the broker has nothing left for the handler: all delivered, none pending, on both of its streams. */
export async function whenSettled(redis: Redis, handler: string, limitMs = 120_000): Promise<void> {
  const group = `shop.${handler}`;
  const groups = (): Promise<GroupState[]> =>
    Promise.all(
      [STREAM, replayStream(STREAM, group)].map((stream) =>
        groupOf(redis, stream, group).catch(() => ({ lag: null, pending: null })),
      ),
    );
  await until(
    `${handler} has nothing undelivered and nothing pending`,
    async () => (await groups()).every(({ lag, pending }) => lag === 0 && pending === 0),
    { limitMs, everyMs: 50, state: groups },
  );
}

export interface Expectation {
  readonly redis: Redis;
  readonly handler: string;
  readonly published: readonly number[];
  readonly runs: readonly Run[];
  /** Jobs that must be dead letters, and no others; each exactly once. */
  readonly deadLettered: readonly number[];
}

/** What the books say, once they balance. */
export interface Balance {
  readonly letters: readonly StoredLetter[];
  /** Jobs that ended well more than once, with how often. */
  readonly repeated: ReadonlyMap<number, number>;
}

/**
 * Waits until the handler is settled, then balances the books: every job published ended well, or is a dead letter
 * exactly once, never both or neither; nothing pending; no history left behind.
 */
export async function reconcile(
  expected: Omit<Expectation, "runs"> & { readonly runs: () => readonly Run[] },
): Promise<Balance> {
  const { redis, handler } = expected;
  await whenSettled(redis, handler);
  const ends = countsOf(expected.runs().filter(({ what, by }) => what === "end" && by === handler));
  const letters = await lettersOf(redis, handler);
  const buried = countsOf(letters.map((letter) => ({ n: jobOf(letter) })));
  const lost = expected.published.filter((n) => !ends.has(n) && !buried.has(n));
  assert.deepEqual(lost, [], "jobs lost: neither handled nor dead-lettered");
  assert.deepEqual(
    [...buried.keys()].toSorted(byNumber),
    [...expected.deadLettered].toSorted(byNumber),
    "the dead letters",
  );
  assert.deepEqual(
    [...buried].filter(([, count]) => count !== 1),
    [],
    "jobs with more than one dead letter",
  );
  assert.deepEqual(
    expected.deadLettered.filter((n) => ends.has(n)),
    [],
    "dead letters that were handled as well",
  );
  const published = new Set(expected.published);
  assert.deepEqual(
    [...ends.keys()].filter((n) => !published.has(n)),
    [],
    "jobs from nowhere",
  );
  const histories = await redis.hlen(historyKey(STREAM, `shop.${handler}`, "main"));
  assert.equal(histories, 0, "histories of settled entries are forgotten");
  return { letters, repeated: new Map([...ends].filter(([, count]) => count > 1)) };
}

function countsOf(items: readonly { readonly n: number }[]): Map<number, number> {
  const counts = new Map<number, number>();
  for (const { n } of items) counts.set(n, (counts.get(n) ?? 0) + 1);
  return counts;
}

function byNumber(a: number, b: number): number {
  return a - b;
}
