#!/usr/bin/env node
/** The `engine` command. */
import { createBrokerAdapter } from "../compose.ts";
import { loadConfig } from "../config/load.ts";
import { createEngine } from "../engine.ts";
import { systemClock } from "../primitives/system-clock.ts";
import { createLogger } from "../telemetry/log.ts";
import { EXIT } from "./exit-code.ts";
import { loadDomain } from "./load-domain.ts";
import { createOutput } from "./output.ts";
import { runCli } from "./program.ts";

const cwd = process.cwd();
const code = await runCli(process.argv.slice(2), {
  output: createOutput(process.stdout, process.stderr),
  stdin: process.stdin,
  cwd,
  clock: systemClock,
  host: process,
  loadConfig: (file) => loadConfig({ file, cwd }),
  loadDomain: (specifier) => loadDomain(specifier, cwd),
  createBroker: createBrokerAdapter,
  createEngine,
  createLogger,
  exitCode: EXIT.OK,
});
process.exitCode = code;
// What is on its way out comes first; then the end, whatever the application left running.
process.stdout.write("", () => process.exit(code));
