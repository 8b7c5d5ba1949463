/**
 * A Redis of one's own for a test: on a free loopback port, in a folder of its own, gone when the test process is.
 *
 *   running → stop | kill9 → stopped → restart → running
 *   running → pause → paused → resume | stop | kill9
 */
import { execFile, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

import { TIMED_OUT, withTimeout } from "../../src/primitives/abort.ts";

const START_LIMIT_MS = 10_000;
const STOP_LIMIT_MS = 5000;
const run = promisify(execFile);

export interface RedisOptions {
  /** Further arguments, such as `["--maxmemory", "10mb"]`: they win over the defaults. */
  readonly args?: readonly string[];
  /** Where it keeps its files; then they are left there. Without it: a temporary folder. */
  readonly dir?: string;
  /** Writes every command to disk before it answers, so that a restart brings everything back. */
  readonly appendonly?: boolean;
}

export interface RedisServer {
  readonly url: string;
  readonly port: number;
  /** Null while it is stopped, and for a server that somebody else started. */
  readonly pid: number | null;
  /** Ends it and removes its temporary folder. Safe twice. */
  stop(): Promise<void>;
  /** Ends it as a power cut would. */
  kill9(): Promise<void>;
  /** Stops it if need be and starts it again: same port, same folder. */
  restart(): Promise<void>;
  /** Freezes it: connections stay open and nothing answers. */
  pause(): void;
  resume(): void;
  /** Runs `redis-cli` with these arguments; resolves to what it prints. */
  cli(...args: string[]): Promise<string>;
}

/**
 * Starts a server of its own. Where no `redis-server` is on the PATH, uses the one REDIS_URL names, which cannot be
 * stopped, paused or restarted; where that is not set either, rejects and says what to do.
 */
export async function startRedis(options: RedisOptions = {}): Promise<RedisServer> {
  const port = await freePort();
  const dir = options.dir ?? mkdtempSync(join(tmpdir(), "engine-redis-"));
  const args = serverArguments(port, dir, options);
  const removeDir = (): void => {
    if (options.dir === undefined) rmSync(dir, { recursive: true, force: true });
  };
  let child: ChildProcess;
  try {
    child = await launch(args);
  } catch (error) {
    removeDir();
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return sharedRedis();
    throw error;
  }
  const killAtExit = (): void => {
    child.kill("SIGKILL");
    removeDir();
  };
  process.once("exit", killAtExit);

  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    get pid() {
      return isRunning(child) ? (child.pid ?? null) : null;
    },
    async stop() {
      await end(child, "SIGTERM");
      process.off("exit", killAtExit);
      removeDir();
    },
    kill9: () => end(child, "SIGKILL"),
    async restart() {
      await end(child, "SIGTERM");
      child = await launch(args);
    },
    pause: () => void child.kill("SIGSTOP"),
    resume: () => void child.kill("SIGCONT"),
    async cli(...command) {
      return (await run("redis-cli", ["-h", "127.0.0.1", "-p", `${port}`, ...command])).stdout.trimEnd();
    },
  };
}

function serverArguments(port: number, dir: string, options: RedisOptions): string[] {
  const persistence = options.appendonly ? ["--appendonly", "yes", "--appendfsync", "always"] : ["--appendonly", "no"];
  const own = ["--port", `${port}`, "--bind", "127.0.0.1", "--dir", dir, "--save", "", "--daemonize", "no"];
  return [...own, ...persistence, ...(options.args ?? [])];
}

/** Resolves once the server accepts connections. */
async function launch(args: readonly string[]): Promise<ChildProcess> {
  const child = spawn("redis-server", args, { stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  const ready = new Promise<void>((resolve, reject) => {
    const onOutput = (chunk: Buffer): void => {
      output = (output + chunk.toString()).slice(-10_000);
      if (output.includes("Ready to accept connections")) resolve();
    };
    child.stdout.on("data", onOutput);
    child.stderr.on("data", onOutput);
    child.once("error", reject);
    child.once("exit", (code) => reject(new Error(`redis-server ended with code ${code}:\n${output}`)));
  });
  if ((await withTimeout(ready, START_LIMIT_MS)) !== TIMED_OUT) return unpinned(child);
  child.kill("SIGKILL");
  throw new Error(`redis-server was not ready within ${START_LIMIT_MS} ms:\n${output}`);
}

/** A test that forgets its server must still be able to end. */
function unpinned(child: ChildProcess): ChildProcess {
  child.unref();
  for (const pipe of [child.stdout, child.stderr]) if (pipe && "unref" in pipe) (pipe as { unref(): void }).unref();
  return child;
}

function isRunning(child: ChildProcess): boolean {
  return child.exitCode === null && child.signalCode === null;
}

async function end(child: ChildProcess, signal: "SIGTERM" | "SIGKILL"): Promise<void> {
  if (!isRunning(child)) return;
  child.ref();
  const exited = once(child, "exit");
  child.kill(signal);
  // A paused process acts on its signal only once it goes on.
  child.kill("SIGCONT");
  if ((await withTimeout(exited, STOP_LIMIT_MS)) !== TIMED_OUT) return;
  child.kill("SIGKILL");
  await once(child, "exit");
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

function sharedRedis(): RedisServer {
  const url = process.env["REDIS_URL"];
  if (!url) {
    throw new Error(
      "These tests need Redis 7: put redis-server on the PATH, or set REDIS_URL to a server they may write to.",
    );
  }
  const refuse = (what: string) => (): never => {
    throw new Error(
      `This test has to ${what} its server, and REDIS_URL names one it did not start: put redis-server on the PATH.`,
    );
  };
  return {
    url,
    port: Number(new URL(url).port || 6379),
    pid: null,
    stop: async () => undefined,
    kill9: async () => refuse("kill")(),
    restart: async () => refuse("restart")(),
    pause: refuse("pause"),
    resume: refuse("resume"),
    cli: async (...command) => (await run("redis-cli", ["-u", url, ...command])).stdout.trimEnd(),
  };
}
