/**
 * A worker in a process of its own, so that it can be killed, frozen and signalled: the real `engine server`, in a folder
 * that holds its `domain.toml`. What its handlers do is in the folder's `runs.jsonl`, written before they go on, where no
 * fault of the broker or of the process reaches it.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { until } from "./until.ts";

const TSX = import.meta.resolve("tsx");
const CLI = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));
const FIXTURES = new URL("../integration/fixtures/", import.meta.url);
const MAX_LOG_LINES = 20_000;

/** How a process ended. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A line of the worker's log. */
export type LogLine = Readonly<Record<string, unknown>> & { readonly msg?: string };

export interface WorkerProcess {
  readonly pid: number;
  /** What it logged so far. */
  readonly log: readonly LogLine[];
  /** Resolves once it reads; to the address of its health server. Rejects when it ends before. */
  running(): Promise<string>;
  /** Resolves once it has logged a line that matches. */
  logged(pattern: RegExp): Promise<LogLine>;
  /** Its last line on stdout, as JSON; null before there is one. Of fixtures that report. */
  report(): unknown;
  kill(signal: NodeJS.Signals): void;
  readonly isAlive: boolean;
  /** Resolves when it has ended, by whatever. */
  readonly exited: Promise<Exit>;
  /** Ends it at once, for the clean-up of a test. Safe twice. */
  end(): Promise<void>;
}

export interface WorkerOptions {
  /** Its working directory: where `domain.toml` is, and `runs.jsonl`. */
  readonly dir: string;
  /** The module of the domain, in `test/integration/fixtures`. */
  readonly domain: string;
  /** A program of the fixtures to run in place of `engine server`; it gets the domain's module as its argument. */
  readonly program?: string;
}

export function startWorker({ dir, domain, program }: WorkerOptions): WorkerProcess {
  const module = fixture(domain);
  const command = program === undefined ? [CLI, "server", `--domain=${module}`] : [fixture(program), module];
  const child = spawn(process.execPath, ["--import", TSX, ...command], { cwd: dir, stdio: ["ignore", "pipe", "pipe"] });
  const killAtExit = (): void => void child.kill("SIGKILL");
  process.once("exit", killAtExit);
  const log: LogLine[] = [];
  const stdout: string[] = [];
  eachLine(child.stderr, (line) => {
    if (log.length < MAX_LOG_LINES) log.push(toLogLine(line));
  });
  eachLine(child.stdout, (line) => {
    stdout[0] = line;
  });
  const exited = exitOf(child).finally(() => process.off("exit", killAtExit));
  let isAlive = true;
  void exited.then(() => {
    isAlive = false;
  });

  async function logged(pattern: RegExp): Promise<LogLine> {
    return until(
      `a line of the log that matches ${pattern}`,
      () => {
        const line = log.find(({ msg }) => msg !== undefined && pattern.test(msg));
        if (line === undefined && !isAlive) throw new Error(`the worker ended first:\n${tail(log)}`);
        return line;
      },
      { state: () => tail(log) },
    );
  }

  return {
    pid: child.pid ?? 0,
    log,
    async running() {
      return new URL(String((await logged(/^engine running/))["health"])).origin;
    },
    logged,
    report: () => (stdout[0] === undefined ? null : (JSON.parse(stdout[0]) as unknown)),
    kill: (signal) => void child.kill(signal),
    get isAlive() {
      return isAlive;
    },
    exited,
    async end() {
      child.kill("SIGKILL");
      await exited;
    },
  };
}

function fixture(name: string): string {
  return fileURLToPath(new URL(`${name}.ts`, FIXTURES));
}

async function exitOf(child: ChildProcess): Promise<Exit> {
  // "close", not "exit": by then everything it wrote has been read.
  const [code, signal] = (await once(child, "close")) as [number | null, NodeJS.Signals | null];
  return { code, signal };
}

function eachLine(stream: NodeJS.ReadableStream, take: (line: string) => void): void {
  let rest = "";
  stream.setEncoding("utf8");
  stream.on("data", (chunk: string) => {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) take(line);
  });
}

/** What is no JSON was not written by the logger: a crash of node, for one. */
function toLogLine(line: string): LogLine {
  try {
    return JSON.parse(line) as LogLine;
  } catch {
    return { msg: line };
  }
}

function tail(log: readonly LogLine[]): string {
  return log
    .slice(-15)
    .map((line) => JSON.stringify(line).slice(0, 400))
    .join("\n");
}
