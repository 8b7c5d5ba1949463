/** From `--domain` to the application's Domain: find the module, load it, take its export. */
import { existsSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { extname, isAbsolute, join, relative, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { Domain } from "../domain/domain.ts";
import { EngineError } from "../errors.ts";

const FOLDERS = ["", "src", "handlers", "dist"];
const EXTENSIONS = [".js", ".mjs", ".ts"];

/**
 * Loads the module once (its import stays in node's cache). Throws ENGINE_DOMAIN_NOT_FOUND, ENGINE_DOMAIN_LOAD_FAILED
 * or ENGINE_DOMAIN_NO_EXPORT; the message of an error in the application's code comes with the lines it came from.
 */
export async function loadDomain(specifier: string, cwd: string): Promise<Domain> {
  const file = findModule(specifier, cwd);
  if (extname(file) === ".ts") await registerTypeScript(file, cwd);
  const exports = await importModule(file, cwd);
  const found = [exports["domain"], exports["default"]].find(isDomain);
  if (found !== undefined) return found;
  const names = Object.keys(exports);
  throw new EngineError("ENGINE_DOMAIN_NO_EXPORT", `${shown(file, cwd)} exports no Domain`, {
    hint: `Write \`export const domain = new Domain("…")\` there. It exports ${names.length === 0 ? "nothing" : names.join(", ")}.`,
  });
}

/** The first that exists of: the path itself, with an extension, as a folder's index; names also in src/, handlers/, dist/. */
export function findModule(specifier: string, cwd: string): string {
  if (/^[a-z][a-z0-9+.-]+:/i.test(specifier)) {
    throw new EngineError("ENGINE_DOMAIN_NOT_FOUND", `--domain ${specifier} is a URL: only files are loaded`, {
      hint: "Give a path, or a name found here, in src/, handlers/ or dist/.",
    });
  }
  const isPath = specifier === "" || isAbsolute(specifier) || /^\.{1,2}(?:[\\/]|$)/.test(specifier);
  const bases = (isPath ? [""] : FOLDERS).map((folder) => resolve(cwd, folder, specifier));
  const candidates = bases.flatMap((base) => [
    ...(EXTENSIONS.includes(extname(base)) ? [base] : []),
    ...EXTENSIONS.map((extension) => base + extension),
    ...EXTENSIONS.map((extension) => join(base, `index${extension}`)),
  ]);
  const found = specifier === "" ? undefined : candidates.find(isFile);
  if (found !== undefined) return found;
  const folders = isPath ? "" : " (also in src/, handlers/ and dist/)";
  throw new EngineError("ENGINE_DOMAIN_NOT_FOUND", `no module for --domain "${specifier}" in ${cwd}${folders}`, {
    hint: `Tried NAME itself, NAME${EXTENSIONS.join(", NAME")} and NAME/index${EXTENSIONS.join(", NAME/index")}.`,
  });
}

function isFile(path: string): boolean {
  return existsSync(path) && statSync(path).isFile();
}

async function importModule(file: string, cwd: string): Promise<Record<string, unknown>> {
  try {
    return (await import(pathToFileURL(file).href)) as Record<string, unknown>;
  } catch (error) {
    throw loadFailure(error, file, cwd);
  }
}

function loadFailure(cause: unknown, file: string, cwd: string): EngineError {
  const isError = cause instanceof Error;
  const frames = isError ? ownFrames(cause.stack ?? "", cwd) : [];
  const thrown = isError ? `${cause.name}: ${cause.message}` : `threw ${String(cause)}`;
  const message = [`loading ${shown(file, cwd)} failed: ${thrown}`, ...frames.map((frame) => `    ${frame}`)];
  return new EngineError("ENGINE_DOMAIN_LOAD_FAILED", message.join("\n"), {
    cause,
    ...(isRawDecorator(cause, file)
      ? { hint: "Node cannot run decorators: compile the handlers with tsc or esbuild, or give the .ts file." }
      : {}),
  });
}

/** Node meets an uncompiled decorator as a stray character. */
function isRawDecorator(cause: unknown, file: string): boolean {
  return cause instanceof SyntaxError && extname(file) !== ".ts" && /invalid or unexpected token/i.test(cause.message);
}

const MOST_FRAMES = 5;

/** The stack's lines in the application's own files, relative to its folder. */
function ownFrames(stack: string, cwd: string): string[] {
  const root = pathToFileURL(cwd).href;
  return stack
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line.startsWith("at ") || line.startsWith("file:"))
    .filter((line) => (line.includes(root) || line.includes(cwd)) && !line.includes("node_modules"))
    .slice(0, MOST_FRAMES)
    .map((line) => line.replaceAll(`${root}/`, "").replaceAll(`${cwd}/`, ""));
}

/** A Domain, also one from another copy of this package. */
function isDomain(value: unknown): value is Domain {
  return (
    typeof value === "object" &&
    value !== null &&
    "model" in Object.getPrototypeOf(value) &&
    typeof (value as Partial<Domain>).attach === "function" &&
    typeof (value as Partial<Domain>).name === "string"
  );
}

/** TypeScript goes through `tsx`: node's own type stripping leaves decorators as they are. */
async function registerTypeScript(file: string, cwd: string): Promise<void> {
  if (isTypeScriptLoaded()) return;
  const path = resolveTsx(cwd);
  if (path === null) {
    throw new EngineError("ENGINE_DOMAIN_LOAD_FAILED", `${shown(file, cwd)} is TypeScript, and tsx is not installed`, {
      hint: "For development: npm install --save-dev tsx. In production: compile, and name the .js file.",
    });
  }
  const tsx = (await import(pathToFileURL(path).href)) as { register(): unknown };
  tsx.register();
}

/** The process was started with tsx. */
function isTypeScriptLoaded(): boolean {
  return process.execArgv.some((argument) => /(^|[\\/=])tsx([\\/]|$)/.test(argument));
}

/** tsx of the project, else one that stands beside this package. */
function resolveTsx(cwd: string): string | null {
  for (const from of [pathToFileURL(join(cwd, "package.json")).href, import.meta.url]) {
    try {
      const found = createRequire(from).resolve("tsx/esm/api");
      const module = found.replace(/\.cjs$/, ".mjs");
      return existsSync(module) ? module : found;
    } catch {
      // Not there: the next place.
    }
  }
  return null;
}

function shown(file: string, cwd: string): string {
  const path = relative(cwd, file);
  return path.startsWith("..") ? file : path;
}
