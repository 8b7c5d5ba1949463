// Which file of a source tree imports what, read by esbuild.
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";

/**
 * @typedef {{ files: Set<string>, externals: Set<string> }} Imports
 * @typedef {Map<string, Imports>} ImportGraph file → what it imports; paths relative to the tree, with slashes
 */

/** `import type … from "x"` and `export type … from "x"`, which esbuild leaves out. */
const TYPE_IMPORT =
  /\b(?:import|export)\s+type\s+(?:\{[^}]*\}|\*(?:\s+as\s+\w+)?|\w+)\s+from\s*(?<specifier>"[^"]+"|'[^']+')/g;

/**
 * The imports of every .ts file under `root`. With `includesTypes` those that only bring in types count too.
 * Empty when there is no such file. An import of a file that does not exist is among the externals, as written.
 * @param {string} root
 * @param {{ includesTypes: boolean }} options
 * @returns {Promise<ImportGraph>}
 */
export async function readImports(root, { includesTypes }) {
  const files = readdirSync(root, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".ts"));
  if (files.length === 0) return new Map();
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: files,
    outdir: join(root, "unwritten"),
    bundle: true,
    write: false,
    metafile: true,
    platform: "node",
    format: "esm",
    packages: "external",
    ignoreAnnotations: true, // otherwise "sideEffects": false makes it drop bare imports
    logLevel: "error",
    tsconfigRaw: { compilerOptions: { verbatimModuleSyntax: true } },
    plugins: includesTypes ? [missingAsExternal, typeImportsAsImports] : [missingAsExternal],
  });
  return new Map(
    Object.entries(metafile.inputs).map(([file, input]) => [
      file,
      {
        files: new Set(input.imports.filter((i) => i.external !== true).map((i) => i.path)),
        externals: new Set(input.imports.filter((i) => i.external === true).map((i) => i.path)),
      },
    ]),
  );
}

/** @type {import("esbuild").Plugin} */
const missingAsExternal = {
  name: "missing-as-external",
  setup(host) {
    host.onResolve({ filter: /^\./ }, ({ kind, path, resolveDir }) =>
      kind === "entry-point" || existsSync(join(resolveDir, path)) ? null : { path, external: true },
    );
  },
};

/** @type {import("esbuild").Plugin} */
const typeImportsAsImports = {
  name: "type-imports-as-imports",
  setup(host) {
    host.onLoad({ filter: /\.ts$/ }, ({ path }) => ({
      contents: readFileSync(path, "utf8").replaceAll(TYPE_IMPORT, "import $<specifier>"),
      loader: "ts",
    }));
  },
};

/**
 * The import cycles of a graph, each once, as the files it runs through.
 * @param {ImportGraph} graph
 * @returns {string[][]}
 */
export function findCycles(graph) {
  /** @type {string[][]} */
  const cycles = [];
  const done = new Set();
  /** @type {string[]} */
  const path = [];
  /** @param {string} file */
  const visit = (file) => {
    if (done.has(file)) return;
    const start = path.indexOf(file);
    if (start >= 0) {
      cycles.push([...path.slice(start), file]);
      return;
    }
    path.push(file);
    for (const next of graph.get(file)?.files ?? []) visit(next);
    path.pop();
    done.add(file);
  };
  for (const file of graph.keys()) visit(file);
  return cycles;
}
