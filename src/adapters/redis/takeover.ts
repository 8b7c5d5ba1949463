/** What other consumers lost, and what this one was sent without seeing it. */
import type { Claimed, ConsumerAddress, Delivery, Lane, MissingEntry } from "../../ports/broker.ts";
import type { CommandClient } from "./topology.ts";
import { translated } from "./driver-errors.ts";
import { claimedHistory, ownHistory, toDelivery } from "./entries.ts";
import { runScript } from "./scripts.ts";

const PAGE = 100;
const IDS_PER_PAGE = 500;

/** The keys of a stream, or of its replay stream. */
export interface LaneKeys {
  readonly lane: Lane;
  readonly stream: string;
  readonly history: string;
}

type ClaimReply = [cursor: string, nowMs: number, claimed: [string, string[], number, string][], missing: string[]];
type FetchReply = [nowMs: number, entries: [string, string[] | "", string][]];

export interface TakeoverOptions {
  readonly command: CommandClient;
  readonly address: ConsumerAddress;
  readonly lanes: Readonly<Record<Lane, LaneKeys>>;
  /** Undoes the packing of very wide entries. */
  readonly unpacked: (deliveries: readonly Delivery[]) => Promise<readonly Delivery[]>;
}

export interface Takeover {
  claim(count: number, minIdleMs: number): Promise<Claimed>;
  recover(isHeld: (lane: Lane, entryId: string) => boolean): Promise<Claimed>;
}

export function createTakeover({ command, address, lanes, unpacked }: TakeoverOptions): Takeover {
  const { group, consumer } = address;

  async function claimLane(keys: LaneKeys, count: number, minIdleMs: number): Promise<Claimed> {
    const deliveries: Delivery[] = [];
    const missing: MissingEntry[] = [];
    let cursor = "-";
    while (cursor !== "" && deliveries.length < count) {
      const size = Math.min(PAGE, count - deliveries.length);
      const args = [keys.stream, keys.history, group, consumer, minIdleMs, size, cursor];
      const reply = await translated(() => runScript(command, "claim", args));
      const [next, nowMs, claimed, missingIds] = reply as ClaimReply;
      for (const [id, fields, before, record] of claimed) {
        deliveries.push(toDelivery(keys.lane, [id, fields], claimedHistory(record, before, nowMs)));
      }
      for (const entryId of missingIds) missing.push({ lane: keys.lane, entryId });
      cursor = next;
    }
    return { deliveries: await unpacked(deliveries), missing };
  }

  async function ownPendingIds(keys: LaneKeys): Promise<string[]> {
    const ids: string[] = [];
    let from = "-";
    for (;;) {
      const page = (await translated(() =>
        command.xpending(keys.stream, group, from, "+", IDS_PER_PAGE, consumer),
      )) as [string, string, number, number][];
      for (const [id] of page) ids.push(id);
      const last = page.at(-1);
      if (page.length < IDS_PER_PAGE || !last) return ids;
      from = `(${last[0]}`;
    }
  }

  async function recoverLane(keys: LaneKeys, isHeld: (lane: Lane, entryId: string) => boolean): Promise<Claimed> {
    const unknown = (await ownPendingIds(keys)).filter((id) => !isHeld(keys.lane, id));
    const deliveries: Delivery[] = [];
    const missing: MissingEntry[] = [];
    for (let at = 0; at < unknown.length; at += PAGE) {
      const args = [keys.stream, keys.history, group, consumer, ...unknown.slice(at, at + PAGE)];
      const reply = await translated(() => runScript(command, "fetch", args));
      const [nowMs, entries] = reply as FetchReply;
      for (const [entryId, fields, record] of entries) {
        if (fields === "") missing.push({ lane: keys.lane, entryId });
        else deliveries.push(toDelivery(keys.lane, [entryId, fields], ownHistory(record, nowMs)));
      }
    }
    return { deliveries: await unpacked(deliveries), missing };
  }

  return {
    async claim(count, minIdleMs) {
      const main = await claimLane(lanes.main, count, minIdleMs);
      const left = count - main.deliveries.length;
      return left <= 0 ? main : both(main, await claimLane(lanes.replay, left, minIdleMs));
    },
    async recover(isHeld) {
      return both(await recoverLane(lanes.main, isHeld), await recoverLane(lanes.replay, isHeld));
    },
  };
}

function both(one: Claimed, other: Claimed): Claimed {
  return {
    deliveries: [...one.deliveries, ...other.deliveries],
    missing: [...one.missing, ...other.missing],
  };
}
