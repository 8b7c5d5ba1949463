/**
 * The floor an engine is measured against: ioredis, COUNT 100, the next read in flight while a batch is handled, one
 * variadic XACK for each batch, JSON.parse, a synchronous no-op. Measured alone, in a process of its own.
 *
 * A drain uses one connection: an XACK rides before the following read. Where messages trickle in, the read blocks, and
 * acks go over a second connection.
 */
import { Redis } from "ioredis";
import { createTally, readInput, sendAndExit } from "./tally.ts";

const COUNT = 100;
const BLOCK_MS = 5000;

type Reply = [stream: string, entries: [id: string, fields: string[]][]][] | null;

const input = readInput();
const { stream, group, total } = input;
const tally = createTally(input);
const client = new Redis(input.url);
const acker = input.isLatency ? new Redis(input.url) : client;
await client.xgroup("CREATE", stream, group, "0", "MKSTREAM");
process.send?.({ kind: "ready" });

function read(): Promise<Reply> {
  return client.call(
    "XREADGROUP",
    "GROUP",
    group,
    "raw",
    "COUNT",
    COUNT,
    "BLOCK",
    BLOCK_MS,
    "STREAMS",
    stream,
    ">",
  ) as Promise<Reply>;
}

let received = 0;
let acked: Promise<unknown> = Promise.resolve();
let reading = read();
while (received < total) {
  const reply = await reading;
  const entries = reply?.[0]?.[1] ?? [];
  received += entries.length;
  if (received < total) reading = read();
  if (entries.length === 0) continue;
  const ids: string[] = [];
  for (const [id, fields] of entries) {
    const event = JSON.parse(fields[1] ?? "") as { data: { n: number; sentMs: number } };
    tally.record(event.data.n, event.data.sentMs);
    ids.push(id);
  }
  acked = acker.xack(stream, group, ...ids);
}
await acked;
sendAndExit(tally.report());
