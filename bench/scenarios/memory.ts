/** Resident memory while a long stream is drained: against the raw loop's at the same count, and whether it grows. */
import { inputFor, runLoop } from "../children.ts";
import { atMost, figure } from "../figure.ts";
import type { Bench, Scenario } from "../scenario.ts";
import { pairwise } from "../statistics.ts";
import { faultsOf, fillStream } from "../streams.ts";

const STREAM = "bench-memory";

export const memory: Scenario = {
  name: "memory",
  title: "resident memory during a drain",
  async run(bench) {
    const marks = bench.isSmoke ? [10_000, 50_000] : [200_000, 1_000_000];
    const [early = 0, total = 0] = marks;
    const rounds = bench.runs ?? (bench.isSmoke ? 1 : 3);
    const faults: string[] = [];
    const raw: (readonly number[])[] = [];
    const engine: (readonly number[])[] = [];
    await fillStream(bench.redis, STREAM, total);
    for (let round = 0; round < rounds; round += 1) {
      for (const name of ["raw", "engine"] as const) {
        const rss = await measure(bench, { name, round, marks }, faults);
        (name === "raw" ? raw : engine).push(rss);
        bench.progress(
          `memory ${round + 1}/${rounds} ${name}: ${rss.map((megabytes) => Math.round(megabytes)).join(" → ")} MB`,
        );
      }
    }
    await bench.redis.del(STREAM);
    const at = (runs: readonly (readonly number[])[], mark: 0 | 1): number[] =>
      runs.map((rss) => rss[mark] ?? Number.NaN);
    const ratio = (a: number, b: number): number => a / b;
    const thousands = (count: number): string => count.toLocaleString("en");
    return {
      figures: [
        atMost(
          1.3,
          figure(`engine / raw loop after ${thousands(early)}`, "x", pairwise(at(engine, 0), at(raw, 0), ratio)),
        ),
        atMost(
          1.3,
          figure(`engine / raw loop after ${thousands(total)}`, "x", pairwise(at(engine, 1), at(raw, 1), ratio)),
        ),
        atMost(1.3, figure("engine, late / early", "x", pairwise(at(engine, 1), at(engine, 0), ratio))),
        figure(`raw loop after ${thousands(early)}`, "MB", at(raw, 0)),
        figure(`raw loop after ${thousands(total)}`, "MB", at(raw, 1)),
        figure(`engine after ${thousands(early)}`, "MB", at(engine, 0)),
        figure(`engine after ${thousands(total)}`, "MB", at(engine, 1)),
      ],
      faults,
    };
  },
};

async function measure(
  bench: Bench,
  {
    name,
    round,
    marks,
  }: { readonly name: "raw" | "engine"; readonly round: number; readonly marks: readonly number[] },
  faults: string[],
): Promise<readonly number[]> {
  const own = { stream: STREAM, group: `${name}${round}`, total: marks.at(-1) ?? 0 };
  const report = await runLoop(bench, { name, input: inputFor(bench, { ...own, marks }) });
  if (!report) throw new Error(`${name} did not report`);
  const group = name === "raw" ? own.group : `bench.${own.group}`;
  faults.push(...(await faultsOf(bench.redis, { ...own, group }, report)));
  await bench.redis.xgroup("DESTROY", STREAM, group);
  return report.rssMegabytes;
}
