/** What `engine server` with ten subscriptions costs while nothing happens, and how soon it is ready. */
import { setTimeout as sleep } from "node:timers/promises";
import { atMost, figure } from "../figure.ts";
import type { Bench, Scenario } from "../scenario.ts";
import { startServer } from "../server-process.ts";

const SETTLE_MS = 3000;

export const idle: Scenario = {
  name: "idle",
  title: "engine server, 10 subscriptions, nothing to do",
  async run(bench) {
    const rounds = bench.runs ?? (bench.isSmoke ? 1 : 3);
    const windowMs = bench.isSmoke ? 5000 : 20_000;
    const ready: number[] = [];
    const cpu: number[] = [];
    const commands: number[] = [];
    const stop: number[] = [];
    const faults: string[] = [];
    for (let round = 0; round < rounds; round += 1) {
      const server = await startServer(bench, "idle.mjs");
      ready.push(server.readyMs);
      await sleep(bench.isSmoke ? 1000 : SETTLE_MS);
      const cpuBefore = server.cpuMs();
      const commandsBefore = await commandsProcessed(bench);
      await sleep(windowMs);
      cpu.push(((server.cpuMs() - cpuBefore) / windowMs) * 100);
      // One of them is our own INFO.
      commands.push((((await commandsProcessed(bench)) - commandsBefore - 1) / windowMs) * 1000);
      const { ms, code } = await server.terminate();
      stop.push(ms);
      if (code !== 0) faults.push(`engine server ended with exit code ${code}`);
      bench.progress(
        `idle ${round + 1}/${rounds}: ready in ${Math.round(server.readyMs)} ms, stopped in ${Math.round(ms)} ms`,
      );
    }
    for (let i = 0; i < 10; i += 1)
      await bench.redis.del(`bench-idle-${i}`, `{bench-idle-${i}}:replay:idle.Handler${i}`);
    return {
      figures: [
        atMost(1000, figure("spawn to /readyz 200", "ms", ready)),
        atMost(1, figure("CPU of the process", "% of a core", cpu)),
        atMost(25, figure("commands to Redis", "commands/s", commands)),
        atMost(500, figure("SIGTERM to exit, idle", "ms", stop)),
      ],
      faults,
    };
  },
};

async function commandsProcessed({ redis }: Bench): Promise<number> {
  return Number(/^total_commands_processed:(\d+)/m.exec(await redis.info("stats"))?.[1] ?? Number.NaN);
}
