/** Runs a loop in a process of its own: a fresh heap, nothing compiled on the way (Node strips the types). */
import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { LoopInput, LoopMessage, LoopReport } from "./loops/tally.ts";
import type { Bench } from "./scenario.ts";

export type LoopName = "raw" | "engine" | "bullmq" | "publisher";

const LIMIT_MS = 300_000;

export interface Loop {
  readonly name: LoopName;
  readonly input: LoopInput;
  /** It reads now: what is published from here on arrives while it waits. */
  readonly onReady?: () => void;
}

export function inputFor(
  bench: Bench,
  own: Pick<LoopInput, "stream" | "group" | "total"> & Partial<LoopInput>,
): LoopInput {
  return { url: bench.url, marks: [], warmUp: 0, isLatency: false, engineDir: bench.engineDir, ...own };
}

/** Resolves to the loop's report; null where it sends none. Rejects when it fails or does not end. */
export async function runLoop(bench: Bench, { name, input, onReady }: Loop): Promise<LoopReport | null> {
  const profile =
    bench.profileDir === null
      ? []
      : ["--cpu-prof", `--cpu-prof-dir=${bench.profileDir}`, `--cpu-prof-name=${name}.cpuprofile`];
  const file = fileURLToPath(new URL(`./loops/${name}.ts`, import.meta.url));
  const child = fork(file, [JSON.stringify(input)], {
    execArgv: profile,
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  const limit = setTimeout(() => child.kill("SIGKILL"), LIMIT_MS);
  let report: LoopReport | null = null;
  child.on("message", (message: LoopMessage) => {
    if (message.kind === "ready") onReady?.();
    else report = message;
  });
  const [code, signal] = (await once(child, "exit")) as [number | null, string | null];
  clearTimeout(limit);
  if (code !== 0) throw new Error(`the ${name} loop ended with ${signal ?? `exit code ${code}`}`);
  return report;
}
