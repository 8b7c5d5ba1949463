/**
 * Publishes at a steady rate, open loop: what is due goes out whether or not the last one was answered. Each event carries
 * the moment it was handed to the client. `marks[0]` is the rate per second.
 */
import { Redis } from "ioredis";
import { eventText } from "./event-text.ts";
import { readInput, sharedNowMs } from "./tally.ts";

const { url, stream, total, marks } = readInput();
const perSecond = marks[0] ?? 1000;
const redis = new Redis(url);
await redis.ping();

const startedMs = performance.now();
let sent = 0;
let last: Promise<unknown> = Promise.resolve();
while (sent < total) {
  const due = Math.min(total, Math.floor(((performance.now() - startedMs) * perSecond) / 1000));
  for (; sent < due; sent += 1) last = redis.xadd(stream, "*", "event", eventText(sent, sharedNowMs()));
  await new Promise((resolve) => setTimeout(resolve, 1));
}
await last;
redis.disconnect();
