/** The `DeadLetters` port on Redis Streams. */
import type { Failure, ReplayOrigin } from "../../message/failure.ts";
import { deadLetterPrefix, deadLetterStream, replayStream } from "../../message/names.ts";
import type { GroupAddress } from "../../ports/broker-admin.ts";
import type { DeadLetter, DeadLetters } from "../../ports/dead-letters.ts";
import { translated } from "./driver-errors.ts";
import { unpackFields, type EntryReply } from "./entries.ts";
import { runScript } from "./scripts.ts";
import type { CommandClient } from "./topology.ts";

type BufferEntry = [Buffer, Buffer[]];

const PURGE_CHUNK = 1000;

/** `nodeOf`: a client of the server that has a stream and its companions, for its clock and for SCAN. */
export function createRedisDeadLetters(
  command: CommandClient,
  nodeOf: (stream: string) => CommandClient = () => command,
): DeadLetters {
  async function letter(address: GroupAddress, id: string): Promise<DeadLetter | null> {
    if (!isWholeId(id)) return null;
    const found = (await command.xrangeBuffer(dlqOf(address), id, id)) as BufferEntry[];
    return found[0] ? toDeadLetter(address, found[0]) : null;
  }

  return {
    subscriptions(stream) {
      return translated(async () => {
        const prefix = deadLetterPrefix(stream);
        const found = new Set<string>();
        const node = nodeOf(stream);
        let cursor = "0";
        do {
          const [next, keys] = await node.scan(cursor, "MATCH", `${escapeGlob(prefix)}*`, "COUNT", 1000);
          for (const key of keys) found.add(key.slice(prefix.length));
          cursor = next;
        } while (cursor !== "0");
        return [...found].toSorted().map((group) => ({ stream, group }));
      });
    },
    list(address, after, limit) {
      return translated(async () => {
        const from = after === null ? "-" : `(${after}`;
        const page = (await command.xrangeBuffer(dlqOf(address), from, "+", "COUNT", limit)) as BufferEntry[];
        const letters = page.map((entry) => toDeadLetter(address, entry));
        return { letters, next: page.length === limit ? (letters.at(-1)?.id ?? null) : null };
      });
    },
    get: (address, id) => translated(() => letter(address, id)),
    replay(address, id) {
      return translated(async () => {
        const found = await letter(address, id);
        if (!found) return "not_found";
        const origin: ReplayOrigin = {
          replayOf: id,
          replays: (found.failure?.replays ?? 0) + 1,
          entryId: found.failure?.entryId ?? id,
          stream: found.failure?.stream ?? address.stream,
        };
        const moved = await runScript(command, "replay", [
          dlqOf(address),
          replayStream(address.stream, address.group),
          id,
          JSON.stringify(origin),
        ]);
        return moved === 1 ? "replayed" : "not_found";
      });
    },
    purge(address, ids) {
      return translated(async () => {
        let removed = 0;
        const whole = ids.filter(isWholeId);
        for (let at = 0; at < whole.length; at += PURGE_CHUNK) {
          removed += await command.xdel(dlqOf(address), ...whole.slice(at, at + PURGE_CHUNK));
        }
        return removed;
      });
    },
    trim(address, olderThanMs, limit) {
      return translated(
        async () => (await runScript(command, "trim-dead-letters", [dlqOf(address), olderThanMs, limit])) as number,
      );
    },
    depth(address) {
      return translated(async () => {
        const dlq = dlqOf(address);
        const [depth, oldest, newest, time] = await Promise.all([
          command.xlen(dlq),
          command.xrange(dlq, "-", "+", "COUNT", 1) as Promise<EntryReply[]>,
          command.xrevrange(dlq, "+", "-", "COUNT", 1) as Promise<EntryReply[]>,
          nodeOf(dlq).time(),
        ]);
        const oldestId = oldest[0]?.[0] ?? null;
        const nowSeconds = Number(time[0]) + Number(time[1]) / 1e6;
        return {
          depth,
          oldestId,
          newestId: newest[0]?.[0] ?? null,
          oldestSeconds: oldestId === null ? null : Math.max(0, nowSeconds - Number(oldestId.split("-")[0]) / 1000),
        };
      });
    },
  };
}

function dlqOf({ stream, group }: GroupAddress): string {
  return deadLetterStream(stream, group);
}

/** Redis takes `5` for a range of ids in one command and for `5-0` in another: neither is what was asked for. */
function isWholeId(id: string): boolean {
  return /^\d{1,20}-\d{1,20}$/.test(id);
}

export function toDeadLetter({ stream, group }: GroupAddress, [id, values]: BufferEntry): DeadLetter {
  const hasFailure = values.at(-2)?.toString() === "failure";
  const failureText = hasFailure ? (values.at(-1)?.toString() ?? "") : "";
  const original = unpackFields(hasFailure ? values.slice(0, -2) : values);
  return {
    id: id.toString(),
    stream,
    subscription: group,
    fields: original.map((value) => value.toString()),
    failure: parseFailure(failureText),
    failureText,
  };
}

/** Null for a record that somebody wrote by hand and wrongly. */
function parseFailure(text: string): Failure | null {
  try {
    const failure = JSON.parse(text) as Partial<Failure> | null;
    return typeof failure?.reason === "string" && typeof failure.error === "object" ? (failure as Failure) : null;
  } catch {
    return null;
  }
}

function escapeGlob(text: string): string {
  return text.replaceAll(/[\\*?[\]]/g, String.raw`\$&`);
}
