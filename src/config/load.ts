/** Finds and reads domain.toml. The only file that looks at `process.env`. */
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { parse, TomlError } from "smol-toml";
import { EngineError } from "../errors.ts";
import { assembleConfig } from "./assemble.ts";
import { ConfigError, createFault, type KeyPath, type Origin } from "./faults.ts";
import { locateKeys } from "./lines.ts";
import type { EngineConfig } from "./settings.ts";
import type { Variables } from "./substitute.ts";
import { readTable, type RawTable } from "./tree.ts";

export interface LoadOptions {
  /** `--config`; relative to `cwd`. */
  readonly file?: string | undefined;
  /** Where the search starts. Default: the working directory. */
  readonly cwd?: string | undefined;
  /** Default: `process.env`. `ENGINE_ENV` names the environment. */
  readonly env?: Variables | undefined;
}

const FILE_NAMES = [".domain.toml", "domain.toml"];
const PARENTS_SEARCHED = 2;

/**
 * The configuration in force. Without a file: built-in defaults, with the embedded memory broker. Throws
 * `ENGINE_CONFIG_NOT_FOUND` when the file cannot be read, and a `ConfigError` that lists all faults in it.
 */
export function loadConfig(options: LoadOptions = {}): EngineConfig {
  const cwd = resolve(options.cwd ?? ".");
  const env = options.env ?? process.env;
  const environment = readEnvironment(env);
  const file = options.file === undefined ? findConfigFile(cwd) : resolve(cwd, options.file);
  if (file === null) {
    const nowhere: Origin = { place: "default", line: null, environment: null };
    return assembleConfig(
      readTable({}, () => nowhere),
      { file: null, directory: cwd, environment: null },
      env,
    );
  }
  const root = parseFile(readConfigFile(file), relative(cwd, file));
  return assembleConfig(root, { file, directory: dirname(file), environment }, env);
}

/** The first of `.domain.toml` and `domain.toml`, in `cwd` or up to two of its parents; null: none. */
function findConfigFile(cwd: string): string | null {
  let directory = resolve(cwd);
  for (let level = 0; level <= PARENTS_SEARCHED; level += 1) {
    const found = FILE_NAMES.map((name) => join(directory, name)).find((path) => existsSync(path));
    if (found !== undefined) return found;
    directory = dirname(directory);
  }
  return null;
}

function readEnvironment(env: Variables): string | null {
  const name = Object.hasOwn(env, "ENGINE_ENV") ? env["ENGINE_ENV"]?.trim() : undefined;
  return name === undefined || name === "" ? null : name;
}

function readConfigFile(file: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(readFileSync(file));
  } catch (cause) {
    const isText = !(cause instanceof TypeError);
    throw new EngineError("ENGINE_CONFIG_NOT_FOUND", `cannot read ${file}${isText ? "" : ": it is not UTF-8 text"}`, {
      hint: "Name an existing file with --config, or leave it out to search for domain.toml.",
      cause,
    });
  }
}

function parseFile(text: string, place: string): RawTable {
  const locate = (line: number | null): Origin => ({ place, line, environment: null });
  let parsed: object;
  try {
    parsed = parse(text, { integersAsBigInt: "asNeeded" });
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    // Only the first line of the parser's message: the rest quotes the file, and with it passwords.
    const reason = error.message.split("\n", 1)[0]?.replace(/^Invalid TOML document: /, "");
    throw new ConfigError([createFault([], locate(error.line), `not valid TOML: ${reason}`)]);
  }
  const lineOf = locateKeys(text);
  return readTable(parsed, (path: KeyPath) => locate(lineOf(path)));
}
