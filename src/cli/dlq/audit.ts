/** Who did what to dead letters: a log line before and one after, whatever happens between. */
import { hostname, userInfo } from "node:os";
import type { Logger } from "pino";
import type { MoveTotals } from "./move-letters.ts";

export interface AuditedAction {
  readonly log: Logger;
  readonly action: "dlq.replay" | "dlq.purge";
  readonly subscriptions: readonly string[];
  /** What was asked for: ids, or filter and limit. */
  readonly selection: Readonly<Record<string, unknown>>;
}

/** Runs `work` between two audit lines. The second says how many, and why it ended when it failed. */
export async function audited(
  { log, ...audit }: AuditedAction,
  totals: MoveTotals,
  work: () => Promise<void>,
): Promise<void> {
  const line = { audit: true, ...audit, user: currentUser(), host: hostname() };
  log.info({ ...line, phase: "started" }, `${audit.action} started`);
  try {
    await work();
    log.info({ ...line, phase: "finished", ...totals }, `${audit.action} finished`);
  } catch (error) {
    log.error({ ...line, phase: "failed", ...totals, err: error }, `${audit.action} failed`);
    throw error;
  }
}

/** Who runs this process. */
export function currentUser(): string {
  try {
    return userInfo().username;
  } catch {
    // A container may run under a number that has no name.
    return `uid ${process.getuid?.() ?? "unknown"}`;
  }
}
