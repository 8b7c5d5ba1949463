/** A subscription as the broker, and a running engine where one was asked, see it. */
import type { BrokerAdmin } from "../ports/broker-admin.ts";
import type { Pause, PauseMark } from "../ports/control.ts";
import type { SubscriptionAddress } from "./addresses.ts";
import type { RunningEngine } from "./running-engine.ts";
import type { Cell, Column } from "./table.ts";

/** Unknown is null. */
export interface SubscriptionRow {
  readonly name: string;
  readonly stream: string;
  /** False: no engine has run it yet. */
  readonly present: boolean;
  readonly lag: number | null;
  readonly lag_seconds: number | null;
  readonly pending: number | null;
  readonly oldest_pending_seconds: number | null;
  readonly consumers: readonly { readonly name: string; readonly pending: number; readonly idle_ms: number }[];
  readonly dlq_depth: number | null;
  readonly replay_backlog: number | null;
  /** Only a running engine knows. */
  readonly circuit_state: string | null;
  readonly status: string | null;
  readonly paused: boolean | null;
  /** Each pause: of every process (`consumer` is null), or of one. */
  readonly pauses: readonly (PauseMark & { readonly consumer: string | null })[] | null;
}

/** What is known beside the broker's groups. */
export interface Beside {
  readonly engine: RunningEngine | { readonly reason: string } | null;
  /** Of the whole domain; null: unknown. */
  readonly pauses: readonly Pause[] | null;
}

export async function inspectSubscriptions(
  admin: BrokerAdmin,
  addresses: readonly SubscriptionAddress[],
  { engine, pauses }: Beside,
): Promise<SubscriptionRow[]> {
  const rows: SubscriptionRow[] = [];
  for (const { stream, group } of addresses) {
    const report = await admin.inspect({ stream, group });
    const running = engine !== null && "subscriptions" in engine ? engine.subscriptions.get(group) : undefined;
    rows.push({
      name: group,
      stream,
      present: report.isPresent,
      lag: report.lag,
      lag_seconds: report.lagSeconds,
      pending: report.pending,
      oldest_pending_seconds: report.oldestPendingSeconds,
      consumers: report.consumers.map(({ name, pending, idleMs }) => ({ name, pending, idle_ms: idleMs })),
      dlq_depth: report.dlqDepth,
      replay_backlog: report.replayBacklog,
      circuit_state: running?.circuit_state ?? null,
      status: running?.status ?? null,
      ...pausedIn(pauses, group, running?.paused),
    });
  }
  return rows;
}

/** The broker knows what operators ordered, a running engine also what its own code did. */
function pausedIn(
  pauses: readonly Pause[] | null,
  group: string,
  running: PauseMark | null | undefined,
): Pick<SubscriptionRow, "paused" | "pauses"> {
  if (pauses === null && running === undefined) return { paused: null, pauses: null };
  const ordered = (pauses ?? [])
    .filter(({ subscription }) => subscription === group)
    .map(({ consumer, by, at, reason }) => ({ consumer, by, at, reason }));
  return { paused: ordered.length > 0 || (running ?? null) !== null, pauses: pauses === null ? null : ordered };
}

/** `no`, or who, since when, and why. */
function pausedText({ paused, pauses }: SubscriptionRow): string | null {
  if (paused !== true) return paused === null ? null : "no";
  const fleet = pauses?.find(({ consumer }) => consumer === null);
  const pause = fleet ?? pauses?.[0];
  if (pause === undefined) return "yes";
  const where = fleet === undefined ? `in ${pauses?.length} of its processes, ` : "";
  const why = pause.reason === null ? "" : `: ${pause.reason}`;
  return `${where}since ${pause.at ?? "?"} by ${pause.by ?? "?"}${why}`;
}

export const SUBSCRIPTION_COLUMNS: readonly Column[] = [
  { title: "subscription" },
  { title: "stream" },
  { title: "lag", align: "right" },
  { title: "lag s", align: "right" },
  { title: "pending", align: "right" },
  { title: "oldest s", align: "right" },
  { title: "consumers", align: "right" },
  { title: "dead", align: "right" },
  { title: "replaying", align: "right" },
  { title: "breaker" },
  { title: "paused" },
  { title: "status" },
];

export function subscriptionRow(row: SubscriptionRow): Cell[] {
  const consumers = row.present ? row.consumers.length : null;
  return [
    row.name,
    row.stream,
    row.lag,
    rounded(row.lag_seconds),
    row.pending,
    rounded(row.oldest_pending_seconds),
    consumers,
    row.dlq_depth,
    row.replay_backlog,
    row.circuit_state,
    pausedText(row),
    row.status ?? (row.present ? null : "no group yet"),
  ];
}

function rounded(seconds: number | null): number | null {
  return seconds === null ? null : Math.round(seconds * 10) / 10;
}
