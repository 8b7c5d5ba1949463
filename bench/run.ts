/**
 * Measures the engine beside the raw loop it is built on. Every loop runs in a process of its own, in interleaved pairs;
 * what counts is the median of the pairs' ratios. See docs/explanation/performance.md.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { Redis } from "ioredis";
import { startRedis } from "../test/support/redis-server.ts";
import { copyOfEngine } from "./engine-copy.ts";
import { describeMachine } from "./machine.ts";
import { parseOptions, USAGE, type BenchOptions } from "./options.ts";
import type { Bench, Scenario, ScenarioResult } from "./scenario.ts";
import { drain } from "./scenarios/drain.ts";
import { idle } from "./scenarios/idle.ts";
import { latency } from "./scenarios/latency.ts";
import { memory } from "./scenarios/memory.ts";
import { shutdown } from "./scenarios/shutdown.ts";
import { tableOf } from "./table.ts";

const ROOT = fileURLToPath(new URL("../", import.meta.url));
const SCENARIOS: readonly Scenario[] = [drain, latency, idle, memory, shutdown];
/** Below this share of the raw loop something is broken, whatever else the machine is doing. */
const ABSURD_RATIO = 0.25;

type Results = Record<string, ScenarioResult & { readonly title: string }>;

async function main(args: readonly string[]): Promise<number> {
  const options = parseOptions(args);
  const chosen = SCENARIOS.filter(({ name }) => options.only.length === 0 || options.only.includes(name));
  const unknown = options.only.filter((name) => !SCENARIOS.some((scenario) => scenario.name === name));
  if (unknown.length > 0) throw new TypeError(`no scenario is called ${unknown.join(", ")}`);
  const server = await startRedis();
  const redis = new Redis(server.url);
  try {
    const bench = benchFor(options, server.url, redis);
    const results: Results = {};
    for (const scenario of chosen) {
      const result = await scenario.run(bench);
      results[scenario.name] = { title: scenario.title, ...result };
      if (!options.isJson) console.log(tableOf(scenario, result));
    }
    await report(options, redis, { command: commandOf(args), results });
    return exitCodeOf(results);
  } finally {
    redis.disconnect();
    await server.stop();
  }
}

function benchFor(options: BenchOptions, url: string, redis: Redis): Bench {
  return {
    url,
    redis,
    engineDir: copyOfEngine(ROOT),
    againstDir: options.against === null ? null : resolve(options.against),
    isSmoke: options.isSmoke,
    runs: options.runs,
    profileDir: options.isProfiling ? join(ROOT, ".cache/bench/profiles") : null,
    progress: (text) => console.error(`  … ${text}`),
  };
}

async function report(
  options: BenchOptions,
  redis: Redis,
  measured: { command: string; results: Results },
): Promise<void> {
  if (!options.isJson && options.save === null) return;
  const machine = await describeMachine(redis);
  const text = JSON.stringify({ measuredAt: new Date().toISOString(), machine, ...measured }, null, 2);
  if (options.isJson) console.log(text);
  if (options.save === null) return;
  const folder = join(ROOT, "bench/results");
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, `${options.save}.json`), `${text}\n`);
}

function commandOf(args: readonly string[]): string {
  return ["npm run bench", ...(args.length === 0 ? [] : ["--", ...args])].join(" ");
}

/** 1 when a delivery was not exact, or the engine is absurdly slow: a missed goal alone is for a person to judge. */
function exitCodeOf(results: Results): number {
  const faults = Object.values(results).flatMap((result) => result.faults);
  const ratio = results["drain"]?.figures[0]?.value ?? 1;
  if (!(ratio >= ABSURD_RATIO)) faults.push(`engine / raw loop is ${ratio}: below ${ABSURD_RATIO}`);
  for (const fault of faults) console.error(`bench: ${fault}`);
  return faults.length === 0 ? 0 : 1;
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  console.error(error instanceof TypeError ? `${error.message}\n\n${USAGE}` : error);
  process.exitCode = 2;
}
