// Tests the types of the public API: test/types/*.test-d.ts must compile, but for the lines that say which error they
// expect. Such a line stands right below a comment of this form, and must have exactly that error:
//
//   // @ts-expect-error TS2345 a handler of another event's type
//
// `tsc` alone would take any error for the expected one, a misspelt import among them; so the comments are
// disarmed in a copy, and the errors of the copy compared with them.
import { cpSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { ROOT } from "./lib/run.mjs";

const FIXTURE = /\.test-d\.ts$/;
const EXPECTATION = /\/\/ @ts-expect-error(?: (?<code>TS\d+))?(?<why>.*)/;
const COMPILER_ERROR = /^(?:(?<path>[^(]+)\((?<line>\d+),\d+\): )?error (?<code>TS\d+): (?<text>.*)$/;

const source = join(ROOT, "test/types");
const copy = join(ROOT, "test", `.types-${process.pid}`);

/** @typedef {{ file: string, line: number, code: string, text: string }} Finding */

/** @returns {{ fixtures: number, expected: Finding[] }} */
function disarm() {
  cpSync(source, copy, { recursive: true });
  const fixtures = readdirSync(copy).filter((file) => FIXTURE.test(file));
  /** @type {Finding[]} */
  const expected = [];
  for (const file of fixtures) {
    const lines = readFileSync(join(copy, file), "utf8").split("\n");
    const disarmed = lines.map((text, index) => {
      const found = EXPECTATION.exec(text)?.groups;
      if (found === undefined) return text;
      expected.push({ file, line: index + 2, code: found.code ?? "a TS… code", text: (found.why ?? "").trim() });
      return text.replace("@ts-expect-error", "expected");
    });
    writeFileSync(join(copy, file), disarmed.join("\n"));
  }
  const config = { extends: "../../tsconfig.json", include: [], files: fixtures };
  writeFileSync(join(copy, "tsconfig.json"), JSON.stringify(config));
  return { fixtures: fixtures.length, expected };
}

/** @returns {Finding[]} */
function compile() {
  const args = ["node_modules/typescript/bin/tsc", "-p", copy, "--pretty", "false"];
  const { stdout, error } = spawnSync(process.execPath, args, { cwd: ROOT, encoding: "utf8" });
  if (error !== undefined) throw error;
  return stdout.split("\n").flatMap((text) => {
    const found = COMPILER_ERROR.exec(text)?.groups;
    if (found === undefined) return [];
    const { path = "tsc", line = "0", code = "" } = found;
    return [{ file: path.replace(/^.*\/\.types-\d+\//, ""), line: Number(line), code, text: found.text ?? "" }];
  });
}

/**
 * @param {Finding[]} expected
 * @param {Finding[]} errors
 */
function compare(expected, errors) {
  /** @param {Finding} one @param {Finding} other */
  const isSame = (one, other) => one.file === other.file && one.line === other.line && one.code === other.code;
  const missing = expected.filter((one) => !errors.some((other) => isSame(one, other)));
  const surplus = errors.filter((one) => !expected.some((other) => isSame(one, other)));
  return [
    ...missing.map((one) => `${one.file}:${one.line} compiles, or fails otherwise; expected ${one.code} (${one.text})`),
    ...surplus.map((one) => `${one.file}:${one.line} unexpected ${one.code}: ${one.text}`),
  ];
}

try {
  const { fixtures, expected } = disarm();
  const faults = compare(expected, compile());
  if (expected.length === 0) faults.push("test/types has no fixtures that expect an error: nothing was tested");
  for (const fault of faults) console.error(fault);
  console.log(`types: ${fixtures} files, ${expected.length} uses that must not compile, ${faults.length} faults`);
  process.exitCode = faults.length === 0 ? 0 : 1;
} finally {
  rmSync(copy, { recursive: true, force: true });
}
