/** What the engine's user must be allowed, and whether it is: without a single write. */
import type { Redis } from "ioredis";
import { deadLetterStream, historyKey, replayStream } from "../../message/names.ts";
import type { Rights, RightsRequest } from "../../ports/broker-facts.ts";
import { messageOf } from "./driver-errors.ts";

type Command = readonly [name: string, ...args: string[]];

/** Commands on no key. INFO and SCAN are for what people look at: the engine runs without them. */
const KEYLESS: readonly Command[] = [["PING"], ["TIME"], ["CLIENT", "ID"], ["CLIENT", "UNBLOCK", "0"]];

/** Every command that reader, scripts and administration send for one stream and its group. */
function commandsOnStream(stream: string, group: string): readonly Command[] {
  return [
    ["XADD", stream, "NOMKSTREAM", "*", "event", "{}"],
    ["XREADGROUP", "GROUP", group, "check", "STREAMS", stream, ">"],
    ["XGROUP", "CREATE", stream, group, "0"],
    ["XGROUP", "DELCONSUMER", stream, group, "check"],
    ["XACK", stream, group, "0-0"],
    ["XCLAIM", stream, group, "check", "0", "0-0"],
    ["XPENDING", stream, group],
    ["XINFO", "STREAM", stream],
    ["XINFO", "GROUPS", stream],
    ["XINFO", "CONSUMERS", stream, group],
    ["XRANGE", stream, "-", "+", "COUNT", "1"],
    ["XREVRANGE", stream, "+", "-", "COUNT", "1"],
    ["XLEN", stream],
    ["XDEL", stream, "0-0"],
    ["XTRIM", stream, "MINID", "0"],
    ["EXISTS", stream],
    ["EVALSHA", "0000000000000000000000000000000000000000", "1", stream],
    ["EVAL", "return 0", "1", stream],
  ];
}

function commandsOnDeadLetters(stream: string): readonly Command[] {
  const needed = new Set(["XADD", "XRANGE", "XREVRANGE", "XLEN", "XDEL", "XTRIM", "EVALSHA", "EVAL"]);
  return commandsOnStream(stream, "").filter(([name]) => needed.has(name));
}

function commandsOnHistory(key: string): readonly Command[] {
  return [
    ["HGET", key, "0-0"],
    ["HMGET", key, "0-0"],
    ["HSET", key, "0-0", ""],
    ["HDEL", key, "0-0"],
    ["PEXPIRE", key, "1"],
  ];
}

function commandsOnLease(key: string): readonly Command[] {
  return [
    ["HGET", key, "holder"],
    ["HMGET", key, "holder"],
    ["HSET", key, "holder", ""],
    ["EVALSHA", "0000000000000000000000000000000000000000", "1", key],
    ["EVAL", "return 0", "1", key],
  ];
}

function commandsOnControl(key: string): readonly Command[] {
  return [
    ["HGETALL", key],
    ["HDEL", key, "none"],
  ];
}

/** What the engine sends for these subscriptions and leases. */
export function requiredCommands({ addresses, leases, controls }: RightsRequest): readonly Command[] {
  return [
    ...KEYLESS,
    ...addresses.flatMap(({ stream, group }) => [
      ...commandsOnStream(stream, group),
      ...commandsOnStream(replayStream(stream, group), group),
      ...commandsOnDeadLetters(deadLetterStream(stream, group)),
      ...commandsOnHistory(historyKey(stream, group, "main")),
      ...commandsOnHistory(historyKey(stream, group, "replay")),
    ]),
    ...leases.flatMap(commandsOnLease),
    ...controls.flatMap(commandsOnControl),
  ];
}

/**
 * Asks with ACL DRYRUN. A user without that right is tried out instead, with the few calls that do nothing on keys that
 * are not there; what they cannot show stays unknown.
 */
export async function findRights(command: Redis, request: RightsRequest): Promise<Rights> {
  let user: string | null = null;
  try {
    user = String(await command.call("ACL", "WHOAMI"));
    await command.call("ACL", "DRYRUN", user, "PING");
  } catch (error) {
    if (!isRefusal(error)) throw error;
    return tryOut(command, request, user);
  }
  const asker = user;
  const answers = await Promise.all(
    requiredCommands(request).map(async (each) => {
      const answer = await command.call("ACL", "DRYRUN", asker, ...each);
      return answer === "OK" ? null : describe(each, request);
    }),
  );
  return { source: "asked", user, denied: unique(answers) };
}

/** NOPERM, and what servers without the command say. */
function isRefusal(error: unknown): boolean {
  return /^(?:NOPERM|ERR unknown)/i.test(messageOf(error));
}

/** `XADD on {order}:dlq:shop.Audit`; of commands without a key, their words. */
function describe(command: Command, { addresses }: RightsRequest): string {
  const [name, ...args] = command;
  const key = args.find((arg) => addresses.some(({ stream }) => arg === stream || arg.includes(":")));
  const word = /^(?:XGROUP|XINFO|CLIENT)$/.test(name) ? `${name} ${args[0]}` : name;
  return key === undefined ? word : `${word} on ${key}`;
}

const NOTHING: RightsRequest = { addresses: [], leases: [], controls: [] };

function unique(answers: readonly (string | null)[]): readonly string[] {
  return [...new Set(answers.filter((answer) => answer !== null))];
}

/** Calls without effect on a stream that does not exist, whose name falls under the same pattern as its neighbours'. */
async function tryOut(command: Redis, { addresses }: RightsRequest, user: string | null): Promise<Rights> {
  const [address] = addresses;
  const keys = address === undefined ? [] : [replayStream(address.stream, `${address.group}.check-${process.pid}`)];
  const harmless = keys.flatMap((key): readonly Command[] => [
    ["XADD", key, "NOMKSTREAM", "*", "event", "{}"],
    ["XACK", key, "check", "0-0"],
    ["XDEL", key, "0-0"],
    ["XTRIM", key, "MINID", "0"],
    ["XPENDING", key, "check"],
    ["XCLAIM", key, "check", "check", "0", "0-0"],
    ["XINFO", "GROUPS", key],
    ["XRANGE", key, "-", "+", "COUNT", "1"],
    ["HGET", key, "0-0"],
    ["HDEL", key, "0-0"],
    ["EVALSHA", "0000000000000000000000000000000000000000", "1", key],
  ]);
  const answers = await Promise.all(
    [...KEYLESS.filter(([name]) => name !== "CLIENT"), ...harmless].map(async (each) => {
      try {
        await command.call(...each);
        return null;
      } catch (error) {
        // Other errors say that the command was allowed; a refused key is this made-up one's.
        return /^NOPERM.*(?:permissions to run|no permissions to run)/i.test(messageOf(error))
          ? describe(each, NOTHING)
          : null;
      }
    }),
  );
  const denied = unique(answers);
  return { source: denied.length > 0 ? "tried" : "unknown", user, denied };
}
