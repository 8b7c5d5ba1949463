/** The `engine` command as an operator runs it: in a folder of its own, with a domain and a `domain.toml`. */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const MAIN = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));
const LIBRARY = new URL("../../src/index.ts", import.meta.url).href;
const TIME_LIMIT_MS = 60_000;

export interface CliOptions {
  readonly url: string;
  /** Added to `domain.toml`. */
  readonly toml?: string;
  /** Handlers of domain `shop`, on stream `note`; they do nothing. Default: one, Keeper. */
  readonly handlers?: readonly string[];
  readonly stream?: string;
}

export interface CliResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CliProcess {
  readonly child: ChildProcess;
  readonly stderr: () => string;
  /** Ends it as a power cut would, and removes its folder. */
  kill9(): Promise<void>;
  readonly done: Promise<CliResult>;
}

export function startCli(args: readonly string[], options: CliOptions): CliProcess {
  const dir = mkdtempSync(join(tmpdir(), "engine-cli-"));
  writeFileSync(join(dir, "app.ts"), domainOf(options.handlers ?? ["Keeper"], options.stream ?? "note"));
  writeFileSync(
    join(dir, "domain.toml"),
    `[brokers.default]\nprovider = "redis"\nURI = "${options.url}"\n[server.health]\nenabled = false\n${options.toml ?? ""}`,
  );
  const child = spawn(process.execPath, ["--import", import.meta.resolve("tsx"), MAIN, ...args], {
    cwd: dir,
    stdio: ["ignore", "pipe", "pipe"],
    timeout: TIME_LIMIT_MS,
    killSignal: "SIGKILL",
  });
  let stdout = "";
  let stderr = "";
  child.stdout?.on("data", (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr?.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
  const done = once(child, "close").then(([code]): CliResult => {
    rmSync(dir, { recursive: true, force: true });
    return { code: code as number | null, stdout, stderr };
  });
  return {
    child,
    stderr: () => stderr,
    async kill9() {
      child.kill("SIGKILL");
      await done;
    },
    done,
  };
}

export function runCli(args: readonly string[], options: CliOptions): Promise<CliResult> {
  return startCli(args, options).done;
}

function domainOf(handlers: readonly string[], stream: string): string {
  return `
import { z } from ${JSON.stringify(import.meta.resolve("zod"))};
import { defineHandler, Domain, Event, on } from ${JSON.stringify(LIBRARY)};
class Noted extends Event("Noted", z.object({ n: z.number() })) {}
export const domain = new Domain("shop");
domain.aggregate("Note", { category: "note", events: [Noted] });
for (const name of ${JSON.stringify(handlers)}) domain.register(defineHandler({ name, stream: ${JSON.stringify(stream)} }, on(Noted, () => undefined)));
`;
}
