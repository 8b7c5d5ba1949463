/** `engine server` as an operator runs it: the compiled command, a configuration file, a domain in plain JavaScript. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { Bench } from "./scenario.ts";

const READY_LIMIT_MS = 20_000;
const POLL_MS = 5;
/** USER_HZ: a tick of /proc/PID/stat, on every Linux. */
const TICK_MS = 10;

export interface ServerProcess {
  /** From the spawn to the first 200 of /readyz. */
  readonly readyMs: number;
  /** CPU time used so far; NaN where there is no /proc. */
  cpuMs(): number;
  /** Sends SIGTERM; resolves to how long the process took to exit, and its exit code. */
  terminate(): Promise<{ readonly ms: number; readonly code: number | null }>;
  /** Resolves when it has ended by itself. */
  ended(): Promise<number | null>;
  /** Lines the handlers printed so far. */
  readonly lines: readonly string[];
  /** Log lines of level warn and above. */
  readonly warnings: readonly string[];
}

/** `domainModule` is a file in bench/servers; `flags` are further options of `engine server`. */
export async function startServer(
  bench: Bench,
  domainModule: string,
  flags: readonly string[] = [],
): Promise<ServerProcess> {
  const port = await freePort();
  const dir = mkdtempSync(join(tmpdir(), "engine-bench-"));
  const config = join(dir, "domain.toml");
  writeFileSync(
    config,
    `[brokers.default]\nprovider = "redis"\nURI = "${bench.url}"\n[server.health]\nport = ${port}\n[logging]\nformat = "json"\n`,
  );
  const domain = fileURLToPath(new URL(`./servers/${domainModule}`, import.meta.url));
  const startedMs = performance.now();
  const child = spawn(
    process.execPath,
    [join(bench.engineDir, "cli/main.js"), "server", `--domain=${domain}`, `--config=${config}`, ...flags],
    {
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, BENCH_ENGINE: pathToFileURL(join(bench.engineDir, "index.js")).href },
    },
  );
  const lines: string[] = [];
  const warnings: string[] = [];
  let text = "";
  child.stdout.on("data", (chunk: Buffer) => {
    text += chunk.toString();
    const complete = text.split("\n");
    text = complete.pop() ?? "";
    lines.push(...complete);
  });
  child.stderr.on("data", (chunk: Buffer) => {
    warnings.push(
      ...chunk
        .toString()
        .split("\n")
        .filter((line) => /"level":(?:"(?:warn|error|fatal)"|[456]0)/.test(line)),
    );
  });
  const exited = once(child, "exit").then(([code]) => {
    rmSync(dir, { recursive: true, force: true });
    return code as number | null;
  });
  const readyMs = flags.includes("--until-idle") ? Number.NaN : await untilReady(port, startedMs, () => child.exitCode);
  return {
    readyMs,
    cpuMs: () => cpuMsOf(child.pid ?? 0),
    async terminate() {
      const sentMs = performance.now();
      child.kill("SIGTERM");
      const code = await exited;
      return { ms: performance.now() - sentMs, code };
    },
    ended: () => exited,
    lines,
    warnings,
  };
}

async function untilReady(port: number, startedMs: number, exitCode: () => number | null): Promise<number> {
  while (performance.now() - startedMs < READY_LIMIT_MS && exitCode() === null) {
    const isReady = await fetch(`http://127.0.0.1:${port}/readyz`).then(
      async (response) => {
        await response.arrayBuffer();
        return response.status === 200;
      },
      () => false,
    );
    if (isReady) return performance.now() - startedMs;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  throw new Error("engine server was not ready in time, or ended");
}

function cpuMsOf(pid: number): number {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8")
      .replace(/^.*\) /, "")
      .split(" ");
    return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
  } catch {
    return Number.NaN;
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}
