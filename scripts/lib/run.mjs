// Runs another program for a script.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

/** The repository's folder, with a slash at the end. */
export const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/**
 * Runs a program in the repository's folder and waits for it. Returns its exit code;
 * 1 when it could not be started or was killed.
 * @param {string} command
 * @param {readonly string[]} args
 * @param {import("node:child_process").SpawnSyncOptions} [options]
 */
export function run(command, args, options = {}) {
  const { status, signal, error } = spawnSync(command, args, { cwd: ROOT, stdio: "inherit", ...options });
  if (error !== undefined) console.error(`${command}: ${error.message}`);
  else if (signal !== null) console.error(`${command}: ended by ${signal}`);
  return status ?? 1;
}

/**
 * Runs TypeScript's compiler. Its report goes to stderr, so that a script's stdout stays its own.
 * @param {readonly string[]} args
 */
export function runTsc(args) {
  return run(process.execPath, ["node_modules/typescript/bin/tsc", ...args], { stdio: ["ignore", 2, 2] });
}
