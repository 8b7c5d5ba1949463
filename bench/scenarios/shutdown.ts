/** SIGTERM while 50 handlers of two seconds run and more messages wait: soon out, nothing lost, nothing run twice. */
import { setTimeout as sleep } from "node:timers/promises";
import { atMost, figure } from "../figure.ts";
import { eventText } from "../loops/event-text.ts";
import type { Bench, Scenario } from "../scenario.ts";
import { startServer, type ServerProcess } from "../server-process.ts";

const STREAM = "bench-slow";
const GROUP = "slow.Slow";
const IN_FLIGHT = 50;
const MESSAGES = 80;

export const shutdown: Scenario = {
  name: "shutdown",
  title: "SIGTERM to exit, 50 handlers of 2 s in flight, 30 messages waiting",
  async run(bench) {
    const rounds = bench.runs ?? (bench.isSmoke ? 1 : 3);
    const faults: string[] = [];
    const durations: number[] = [];
    for (let round = 0; round < rounds; round += 1) {
      durations.push(await stopInFlight(bench, faults));
      bench.progress(`shutdown ${round + 1}/${rounds}: ${Math.round(durations.at(-1) ?? 0)} ms`);
    }
    return { figures: [atMost(3000, figure("SIGTERM to exit, 50 in flight", "ms", durations))], faults };
  },
};

async function stopInFlight(bench: Bench, faults: string[]): Promise<number> {
  const { redis } = bench;
  await redis.del(STREAM);
  const server = await startServer(bench, "slow.mjs");
  for (let n = 0; n < MESSAGES; n += 1) await redis.xadd(STREAM, "*", "event", eventText(n, 0));
  while (begun(server).length < IN_FLIGHT) await sleep(5);
  const { ms, code } = await server.terminate();
  if (code !== 0) faults.push(`the stopped server ended with exit code ${code}`);
  if (ended(server).length !== begun(server).length) {
    faults.push(`${begun(server).length} handlers began and ${ended(server).length} ended before the exit`);
  }
  const next = await startServer(bench, "slow.mjs", ["--until-idle"]);
  await next.ended();
  faults.push(...(await faultsAfter(bench, [server, next])));
  return ms;
}

/** Every message ran once, as its first attempt; nothing pending, failed or dead-lettered. */
async function faultsAfter({ redis }: Bench, servers: readonly ServerProcess[]): Promise<string[]> {
  const faults: string[] = [];
  const runs = servers.flatMap((server) => ended(server));
  if (runs.length !== MESSAGES || new Set(runs).size !== MESSAGES) {
    faults.push(`${MESSAGES} messages, ${runs.length} runs of ${new Set(runs).size} messages`);
  }
  const retried = servers.flatMap((server) => begun(server)).filter((line) => !line.endsWith(" 1"));
  if (retried.length > 0) faults.push(`${retried.length} runs were not the first attempt of their message`);
  const [pending] = (await redis.xpending(STREAM, GROUP)) as [number];
  if (pending !== 0) faults.push(`${pending} entries are still pending`);
  const letters = await redis.xlen(`{${STREAM}}:dlq:${GROUP}`);
  if (letters !== 0) faults.push(`${letters} messages were dead-lettered`);
  const histories = await redis.hlen(`{${STREAM}}:history:${GROUP}`);
  if (histories !== 0) faults.push(`${histories} messages were counted as failed`);
  return faults;
}

function begun(server: ServerProcess): string[] {
  return server.lines.filter((line) => line.startsWith("begin "));
}

function ended(server: ServerProcess): string[] {
  return server.lines.filter((line) => line.startsWith("end "));
}
