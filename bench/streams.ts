/** Streams for the loops: filling them, and checking that a group has nothing left. */
import type { Redis } from "ioredis";
import { eventText } from "./loops/event-text.ts";
import type { LoopReport } from "./loops/tally.ts";

const CHUNK = 500;
const APPEND = "for i = 1, #ARGV do redis.call('XADD', KEYS[1], '*', 'event', ARGV[i]) end";

/** Appends `total` events, numbered from 0. Every loop reads them through a group of its own. */
export async function fillStream(redis: Redis, stream: string, total: number): Promise<void> {
  for (let at = 0; at < total; at += CHUNK) {
    const events: string[] = [];
    for (let n = at; n < Math.min(total, at + CHUNK); n += 1) events.push(eventText(n, 0));
    await redis.eval(APPEND, 1, stream, ...events);
  }
}

/** What is wrong with a finished drain: not each message once, or something still pending or unread. */
export async function faultsOf(
  redis: Redis,
  { stream, group, total }: { readonly stream: string; readonly group: string; readonly total: number },
  report: LoopReport,
): Promise<string[]> {
  const faults: string[] = [];
  if (report.handled !== total) faults.push(`${group}: handled ${report.handled} of ${total}`);
  if (report.duplicates > 0) faults.push(`${group}: ${report.duplicates} messages were handled twice`);
  const [pending] = (await redis.xpending(stream, group)) as [number];
  if (pending !== 0) faults.push(`${group}: ${pending} entries are still pending`);
  return faults;
}

/** CPU time the server has used so far, in µs. */
export async function serverCpuMicros(redis: Redis): Promise<number> {
  const info = await redis.info("cpu");
  const seconds = (name: string): number => Number(new RegExp(`^${name}:([\\d.]+)`, "m").exec(info)?.[1] ?? Number.NaN);
  return (seconds("used_cpu_sys") + seconds("used_cpu_user")) * 1e6;
}
