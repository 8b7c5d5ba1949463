/** The `BrokerAdmin` port on Redis Streams. */
import { deadLetterStream, replayStream } from "../../message/names.ts";
import type { BrokerAdmin, ConsumerReport, GroupAddress, GroupReport } from "../../ports/broker-admin.ts";
import type { Broker } from "../../ports/broker.ts";
import type { Connections } from "./connection.ts";
import { messageOf, toBrokerError, translated } from "./driver-errors.ts";
import type { EntryReply } from "./entries.ts";
import { runScript } from "./scripts.ts";

interface GroupFacts {
  readonly lastDeliveredId: string;
  readonly lag: number | null;
  readonly pending: number;
}

export function createRedisBrokerAdmin(
  connections: Pick<Connections, "command" | "nodeOf">,
  broker: Broker,
): BrokerAdmin {
  const { command } = connections;

  async function groupFacts(stream: string): Promise<Map<string, GroupFacts>> {
    const facts = new Map<string, GroupFacts>();
    for (const info of (await command.xinfo("GROUPS", stream)) as unknown[][]) {
      const fields = toRecord(info);
      facts.set(String(fields["name"]), {
        lastDeliveredId: String(fields["last-delivered-id"]),
        lag: typeof fields["lag"] === "number" ? fields["lag"] : null,
        pending: Number(fields["pending"]),
      });
    }
    return facts;
  }

  async function present(address: GroupAddress, facts: GroupFacts): Promise<GroupReport> {
    const { stream, group } = address;
    const [consumers, pendingSummary, undelivered, time, depths] = await Promise.all([
      command.xinfo("CONSUMERS", stream, group) as Promise<unknown[][]>,
      facts.pending > 0 ? (command.xpending(stream, group) as Promise<[number, string | null]>) : null,
      facts.lag === 0 ? [] : command.xrange(stream, `(${facts.lastDeliveredId}`, "+", "COUNT", 1),
      connections.nodeOf(stream).time(),
      companionDepths(address),
    ]);
    const nowMs = Number(time[0]) * 1000 + Math.floor(Number(time[1]) / 1000);
    const oldest = (undelivered as EntryReply[])[0];
    return {
      isPresent: true,
      // The server loses count after deletions; where nothing undelivered exists, the lag is 0 all the same.
      lag: oldest ? facts.lag : 0,
      lagSeconds: oldest ? secondsSince(oldest[0], nowMs) : 0,
      pending: facts.pending,
      oldestPendingSeconds: pendingSummary?.[1] ? secondsSince(pendingSummary[1], nowMs) : 0,
      consumers: consumers.map(toConsumerReport),
      ...depths,
    };
  }

  async function companionDepths({
    stream,
    group,
  }: GroupAddress): Promise<{ dlqDepth: number; replayBacklog: number }> {
    const [dlqDepth, replayBacklog] = await Promise.all([
      command.xlen(deadLetterStream(stream, group)),
      command.xlen(replayStream(stream, group)),
    ]);
    return { dlqDepth, replayBacklog };
  }

  async function absent(address: GroupAddress): Promise<GroupReport> {
    return {
      isPresent: false,
      lag: null,
      lagSeconds: null,
      pending: null,
      oldestPendingSeconds: null,
      consumers: [],
      ...(await companionDepths(address)),
    };
  }

  return {
    inspect(address) {
      return translated(async () => {
        try {
          const facts = (await groupFacts(address.stream)).get(address.group);
          return facts ? await present(address, facts) : await absent(address);
        } catch (error) {
          if (toBrokerError(error).isGroupGone) return absent(address);
          throw error;
        }
      });
    },
    groups(stream) {
      return translated(async () => {
        try {
          return [...(await groupFacts(stream)).keys()];
        } catch (error) {
          if (messageOf(error).startsWith("ERR no such key")) return [];
          throw error;
        }
      });
    },
    trim(stream, retention, { expectedGroups, limit }) {
      return translated(async () => {
        const { maxLength, maxAgeMs } = retention;
        const reply = await runScript(command, "trim-stream", [
          stream,
          maxLength ?? "",
          maxAgeMs ?? "",
          limit,
          ...expectedGroups,
        ]);
        const [removed, missingGroup] = reply as [number, string];
        if (missingGroup === "") return { kind: "trimmed", removed };
        return { kind: "held", reason: `group ${missingGroup} does not exist yet: it would read from the start` };
      });
    },
    reapConsumers(address, silentMs) {
      return translated(async () => {
        const lanes = [address.stream, replayStream(address.stream, address.group)];
        const names = new Set<string>();
        for (const stream of lanes) {
          try {
            const removed = await runScript(command, "reap-consumers", [stream, address.group, silentMs, ""]);
            for (const name of removed as string[]) names.add(name);
          } catch (error) {
            if (!toBrokerError(error).isGroupGone) throw error;
          }
        }
        return [...names];
      });
    },
    probe: (timeoutMs) => broker.probe(timeoutMs),
  };
}

function toRecord(flat: readonly unknown[]): Record<string, unknown> {
  const record: Record<string, unknown> = {};
  for (let i = 0; i + 1 < flat.length; i += 2) record[String(flat[i])] = flat[i + 1];
  return record;
}

function toConsumerReport(info: readonly unknown[]): ConsumerReport {
  const fields = toRecord(info);
  return { name: String(fields["name"]), pending: Number(fields["pending"]), idleMs: Number(fields["idle"]) };
}

/** An entry's id begins with the server's clock (ms) when it was appended. */
function secondsSince(entryId: string, nowMs: number): number {
  return Math.max(0, (nowMs - Number(entryId.split("-")[0])) / 1000);
}
