/** From the moment a publisher in another process hands an event over to its handler's first line, at a steady rate. */
import { inputFor, runLoop, type LoopName } from "../children.ts";
import { atMost, figure } from "../figure.ts";
import type { Bench, Scenario } from "../scenario.ts";
import { pairwise, percentile } from "../statistics.ts";
import { faultsOf } from "../streams.ts";

const RATE_PER_SECOND = 1000;

interface Latencies {
  readonly p50: number;
  readonly p99: number;
}

export const latency: Scenario = {
  name: "latency",
  title: `latency at ${RATE_PER_SECOND} messages/s, publisher in another process`,
  async run(bench) {
    const rounds = bench.runs ?? (bench.isSmoke ? 1 : 7);
    const faults: string[] = [];
    const raw: Latencies[] = [];
    const engine: Latencies[] = [];
    for (let round = 0; round < rounds; round += 1) {
      const order = round % 2 === 0 ? (["raw", "engine"] as const) : (["engine", "raw"] as const);
      for (const name of order) {
        const measured = await measure(bench, { name, round }, faults);
        (name === "raw" ? raw : engine).push(measured);
        bench.progress(
          `latency ${round + 1}/${rounds} ${name}: p50 ${measured.p50.toFixed(2)} ms, p99 ${measured.p99.toFixed(2)} ms`,
        );
      }
    }
    const minus = (a: number, b: number): number => a - b;
    const of = (list: readonly Latencies[], key: keyof Latencies): number[] => list.map((latencies) => latencies[key]);
    return {
      figures: [
        atMost(0.5, figure("added by the engine, p50", "ms", pairwise(of(engine, "p50"), of(raw, "p50"), minus))),
        atMost(3, figure("added by the engine, p99", "ms", pairwise(of(engine, "p99"), of(raw, "p99"), minus))),
        figure("raw loop, p50", "ms", of(raw, "p50")),
        figure("raw loop, p99", "ms", of(raw, "p99")),
        figure("engine, p50", "ms", of(engine, "p50")),
        figure("engine, p99", "ms", of(engine, "p99")),
      ],
      faults,
    };
  },
};

async function measure(
  bench: Bench,
  { name, round }: { readonly name: LoopName & ("raw" | "engine"); readonly round: number },
  faults: string[],
): Promise<Latencies> {
  const warmUp = bench.isSmoke ? 500 : 2000;
  const own = { stream: `bench-latency-${name}${round}`, group: name, total: warmUp + (bench.isSmoke ? 1500 : 6000) };
  let publishing: Promise<unknown> = Promise.resolve();
  const onReady = (): void => {
    publishing = runLoop(
      { ...bench, profileDir: null },
      { name: "publisher", input: inputFor(bench, { ...own, marks: [RATE_PER_SECOND] }) },
    );
  };
  const report = await runLoop(bench, { name, input: inputFor(bench, { ...own, warmUp, isLatency: true }), onReady });
  await publishing;
  if (!report) throw new Error(`${name} did not report`);
  faults.push(...(await faultsOf(bench.redis, { ...own, group: name === "raw" ? name : `bench.${name}` }, report)));
  await bench.redis.del(own.stream);
  return { p50: percentile(report.latenciesMs, 0.5), p99: percentile(report.latenciesMs, 0.99) };
}
