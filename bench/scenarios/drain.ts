/** How fast a full stream is emptied by a handler that does nothing: engine against raw loop, BullMQ beside. */
import { Queue } from "bullmq";
import { inputFor, runLoop } from "../children.ts";
import { atLeast, figure } from "../figure.ts";
import type { LoopReport } from "../loops/tally.ts";
import { eventText } from "../loops/event-text.ts";
import type { Bench, Figure, Scenario } from "../scenario.ts";
import { pairwise } from "../statistics.ts";
import { faultsOf, fillStream, serverCpuMicros } from "../streams.ts";

const STREAM = "bench-drain";

type Variant = "raw" | "engine" | "against" | "bullmq";

interface Run {
  readonly report: LoopReport;
  readonly serverMicros: number;
}

type Runs = Record<Variant, Run[]>;

export const drain: Scenario = {
  name: "drain",
  title: "no-op drain, one process",
  async run(bench) {
    const total = bench.isSmoke ? 20_000 : 1_000_000;
    const rounds = bench.runs ?? (bench.isSmoke ? 2 : 7);
    const variants: Variant[] = bench.againstDir === null ? ["raw", "engine"] : ["raw", "engine", "against"];
    const runs: Runs = { raw: [], engine: [], against: [], bullmq: [] };
    const faults: string[] = [];
    await fillStream(bench.redis, STREAM, total);
    for (let round = 0; round < rounds; round += 1) {
      for (const variant of round % 2 === 0 ? variants : variants.toReversed()) {
        const run = await runOnce(bench, { variant, round, total }, faults);
        runs[variant].push(run);
        bench.progress(`drain ${round + 1}/${rounds} ${variant}: ${Math.round(run.report.perSecond)} messages/s`);
      }
      if (bench.againstDir === null && round < (bench.isSmoke ? 1 : 3))
        runs.bullmq.push(await runBullmq(bench, Math.min(total, 20_000), faults));
    }
    await bench.redis.del(STREAM);
    return { figures: figuresOf(runs), faults };
  },
};

async function runOnce(
  bench: Bench,
  { variant, round, total }: { readonly variant: Variant; readonly round: number; readonly total: number },
  faults: string[],
): Promise<Run> {
  const own = { stream: STREAM, group: `${variant}${round}`, total };
  const engineDir = variant === "against" ? (bench.againstDir ?? bench.engineDir) : bench.engineDir;
  const before = await serverCpuMicros(bench.redis);
  const report = await runLoop(bench, {
    name: variant === "raw" ? "raw" : "engine",
    input: inputFor(bench, { ...own, engineDir }),
  });
  if (!report) throw new Error(`${variant} did not report`);
  const serverMicros = ((await serverCpuMicros(bench.redis)) - before) / total;
  // The engine's group carries its domain's name.
  const group = variant === "raw" ? own.group : `bench.${own.group}`;
  faults.push(...(await faultsOf(bench.redis, { ...own, group }, report)));
  await bench.redis.xgroup("DESTROY", STREAM, group);
  return { report, serverMicros };
}

async function runBullmq(bench: Bench, total: number, faults: string[]): Promise<Run> {
  const { hostname, port } = new URL(bench.url);
  const queue = new Queue("bench-bullmq", { connection: { host: hostname, port: Number(port) } });
  for (let at = 0; at < total; at += 1000) {
    const jobs = Array.from({ length: Math.min(1000, total - at) }, (_, i) => ({
      name: "OrderPlaced",
      data: { event: eventText(at + i, 0) },
    }));
    await queue.addBulk(jobs);
  }
  const before = await serverCpuMicros(bench.redis);
  const report = await runLoop(bench, {
    name: "bullmq",
    input: inputFor(bench, { stream: "bench-bullmq", group: "bullmq", total }),
  });
  if (!report) throw new Error("BullMQ did not report");
  const serverMicros = ((await serverCpuMicros(bench.redis)) - before) / total;
  const counts = await queue.getJobCounts("waiting", "active", "failed", "delayed");
  const left = Object.values(counts).reduce((sum, count) => sum + count, 0);
  if (report.handled !== total || report.duplicates > 0 || left > 0)
    faults.push(`BullMQ: ${report.handled} handled, ${left} left`);
  await queue.obliterate({ force: true });
  await queue.close();
  bench.progress(`drain BullMQ: ${Math.round(report.perSecond)} messages/s`);
  return { report, serverMicros };
}

function figuresOf({ raw, engine, against, bullmq }: Runs): Figure[] {
  const rates = (runs: readonly Run[]): number[] => runs.map(({ report }) => report.perSecond);
  const ratio = (a: number, b: number): number => a / b;
  const beside = engine.slice(0, bullmq.length);
  return [
    atLeast(0.5, figure("engine / raw loop", "x", pairwise(rates(engine), rates(raw), ratio))),
    ...(bullmq.length === 0
      ? []
      : [figure("engine / BullMQ (concurrency 50)", "x", pairwise(rates(beside), rates(bullmq), ratio))]),
    ...(against.length === 0
      ? []
      : [
          figure("engine / other build", "x", pairwise(rates(engine), rates(against), ratio)),
          figure("other build / raw loop", "x", pairwise(rates(against), rates(raw), ratio)),
        ]),
    ...costsOf("raw loop", raw),
    ...costsOf("engine", engine),
    ...(against.length === 0 ? [] : costsOf("other build", against)),
    ...(bullmq.length === 0 ? [] : costsOf("BullMQ", bullmq)),
  ];
}

function costsOf(label: string, runs: readonly Run[]): Figure[] {
  return [
    figure(
      `${label}: rate`,
      "messages/s",
      runs.map(({ report }) => report.perSecond),
    ),
    figure(
      `${label}: CPU of the process`,
      "µs/message",
      runs.map(({ report }) => report.cpuMicrosPerMessage),
    ),
    figure(
      `${label}: CPU of Redis`,
      "µs/message",
      runs.map(({ serverMicros }) => serverMicros),
    ),
  ];
}
