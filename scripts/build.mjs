// Compiles src/ to dist/: JavaScript and declarations by tsc, other files as they are. Prints to stderr only,
// because `npm pack --json` runs it and owns stdout.
import { chmodSync, cpSync, existsSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { ROOT, runTsc } from "./lib/run.mjs";

/** What dist/ takes from src/ unchanged: Lua scripts, SQL, the console's pages. */
const STATIC_FILE = /\.(?:lua|sql|html|css|svg|ico|json)$|\/static\//;
const SOURCE = join(ROOT, "src");
const DIST = join(ROOT, "dist");
const COMMAND = join(DIST, "cli/main.js");

rmSync(DIST, { recursive: true, force: true });
const exitCode = runTsc(["-p", "tsconfig.build.json"]);

const files = readdirSync(SOURCE, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map((entry) => join(entry.parentPath, entry.name).slice(SOURCE.length + 1))
  .filter((file) => STATIC_FILE.test(file) && !file.endsWith(".ts"));
for (const file of files) {
  mkdirSync(dirname(join(DIST, file)), { recursive: true });
  cpSync(join(SOURCE, file), join(DIST, file));
}

if (existsSync(COMMAND)) chmodSync(COMMAND, 0o755);
console.error(exitCode === 0 ? `built dist/, with ${files.length} static files` : "the build has type errors");
process.exitCode = exitCode;
