/**
 * `npm run demo [-- --orders N --redis URL]`: the sample shop at work. It ends by itself: 0 when the books add up,
 * 1 when they do not, 2 for options it does not understand.
 */
import { rmSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import pino from "pino";
import { parseOptions, USAGE, type DemoOptions } from "./demo/options.ts";
import { runDemo } from "./demo/run-demo.ts";
import { createScreen, type Screen } from "./demo/screen.ts";

const HANDLERS = fileURLToPath(new URL(".", import.meta.url));
const WORK = join(HANDLERS, "../.cache/demo");

async function main(options: DemoOptions): Promise<number> {
  const screen = createScreen(process.stdout);
  const logFile = join(WORK, "engine.log");
  rmSync(logFile, { force: true });
  const log = pino({ level: "info" }, pino.destination({ dest: logFile, mkdir: true, sync: true }));
  const stopping = new AbortController();
  for (const name of ["SIGINT", "SIGTERM"]) process.once(name, () => stopping.abort(new Error(`${name}, as asked`)));
  const startedMs = performance.now();
  try {
    const isGood = await runDemo({
      ...options,
      screen,
      log,
      handlersFolder: HANDLERS,
      workFolder: WORK,
      signal: stopping.signal,
    });
    const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
    screen.line();
    if (isGood)
      screen.line(screen.style(["bold", "green"], `  Nothing lost, nothing done twice. ${seconds} s in all.`));
    else screen.line(screen.style(["bold", "red"], `  The books do not add up: see the lines marked ✗.`));
    showNext(screen, options, relative(process.cwd(), logFile));
    return isGood ? 0 : 1;
  } catch (error) {
    screen.line(
      screen.style("red", `\n  The demo ended early: ${error instanceof Error ? error.message : String(error)}`),
    );
    screen.line(`  The engine's log: ${relative(process.cwd(), logFile)}`);
    return 1;
  }
}

function showNext(screen: Screen, { redisUrl }: DemoOptions, logFile: string): void {
  screen.line();
  screen.line("  Next:");
  if (redisUrl === null)
    screen.line("    npm run demo -- --redis redis://127.0.0.1:6379     the same on a Redis of yours");
  else screen.line("    npm run demo -- --orders 100000                    more of it, on the embedded broker");
  screen.line("    npx engine config explain --domain=handlers --handler=Payments");
  screen.line("    docs/tutorial/first-handler.md                     a handler of your own, in ten minutes");
  screen.line(`    ${logFile.padEnd(50)} what the engine logged meanwhile`);
}

const parsed = parseOptions(process.argv.slice(2));
if (parsed.kind === "run") process.exit(await main(parsed.options));
if (parsed.kind === "usage") process.stderr.write(`${parsed.problem}\n\n`);
process.stdout.write(USAGE);
process.exitCode = parsed.kind === "help" ? 0 : 2;
