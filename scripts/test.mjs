// Runs tests: all of test/, or the folders of it that are named.
//
//   node scripts/test.mjs [FOLDER|FILE …] [-- NODE_TEST_OPTION …]
//   node scripts/test.mjs unit -- --test-name-pattern=backoff
import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { ROOT, run } from "./lib/run.mjs";
import { setUpTestServers } from "./setup-test-servers.mjs";

/** Compiled, not run: `npm run test:types`. */
const COMPILED_ONLY = "types";
/** Of these, no test needs a server. */
const SERVERLESS = ["unit"];

const { names, nodeOptions } = splitArguments(process.argv.slice(2));
const files = names.length === 0 ? findTests("test") : names.flatMap(testsOf);

if (files.length === 0) fail(`no test files found in ${names.join(", ") || "test/"}`);
if (Number.parseInt(process.versions.node, 10) < 22) {
  fail(
    `the tests need Node 22.18 or later and this is ${process.version}: run them through npm, which finds the right one`,
  );
}
try {
  if (names.length === 0 || names.some((name) => !SERVERLESS.includes(name))) setUpTestServers();
} catch (error) {
  fail(error instanceof Error ? error.message : String(error));
}

process.exitCode = run(process.execPath, [
  "--import",
  "tsx",
  "--test",
  "--test-reporter=spec",
  "--test-concurrency=2",
  "--test-timeout=300000",
  // A file whose tests are done must not hold up the run by what it left open.
  "--test-force-exit",
  ...nodeOptions,
  ...files,
]);

/** @param {string[]} args */
function splitArguments(args) {
  const dashes = args.findIndex((arg) => arg.startsWith("-"));
  if (dashes < 0) return { names: args, nodeOptions: [] };
  return { names: args.slice(0, dashes), nodeOptions: args.slice(dashes).filter((arg) => arg !== "--") };
}

/** @param {string} name a folder of test/, or a path */
function testsOf(name) {
  const path = [join("test", name), name].find((candidate) => existsSync(join(ROOT, candidate)));
  if (path === undefined) fail(`test/${name} does not exist`);
  return statSync(join(ROOT, path)).isFile() ? [path] : findTests(path);
}

/** @param {string} folder */
function findTests(folder) {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".test.ts") && !file.startsWith(`${COMPILED_ONLY}/`))
    .map((file) => join(folder, file))
    .toSorted();
}

/**
 * @param {string} message
 * @returns {never}
 */
function fail(message) {
  console.error(message);
  process.exit(1);
}
