/** BullMQ at its best concurrency here, with jobs that leave nothing behind. `stream` is the queue's name. */
import { Worker } from "bullmq";
import { createTally, readInput, sendAndExit } from "./tally.ts";

const CONCURRENCY = 50;

const input = readInput();
const tally = createTally(input);
const { hostname, port } = new URL(input.url);
const worker = new Worker<{ event: string }>(
  input.stream,
  async (job) => {
    const event = JSON.parse(job.data.event) as { data: { n: number; sentMs: number } };
    tally.record(event.data.n, event.data.sentMs);
  },
  { connection: { host: hostname, port: Number(port) }, concurrency: CONCURRENCY, removeOnComplete: { count: 0 } },
);
process.send?.({ kind: "ready" });
await tally.done;
await worker.close();
sendAndExit(tally.report());
