// Holds src/ to the layers of scripts/lib/layer-rules.mjs: every import, of types too, goes the allowed way, and no
// imports of values run in a circle. `--self-test` proves that it can fail.
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { findCycles, readImports } from "./lib/import-graph.mjs";
import { faultOfExternal, faultOfImport } from "./lib/layer-rules.mjs";
import { ROOT } from "./lib/run.mjs";

/**
 * @param {string} root a src/ folder
 * @returns {Promise<{ modules: number, imports: number, faults: string[] }>}
 */
async function checkLayers(root) {
  if (!existsSync(root)) return { modules: 0, imports: 0, faults: [`${root} does not exist`] };
  const all = await readImports(root, { includesTypes: true });
  if (all.size === 0) return { modules: 0, imports: 0, faults: ["no modules found: there is nothing to check"] };
  const values = await readImports(root, { includesTypes: false });

  const faults = [...all].flatMap(([from, { files, externals }]) => [
    ...[...files].map((to) => faultOfImport(from, to)),
    ...[...externals].map((specifier) => faultOfExternal(from, specifier)),
  ]);
  const cycles = findCycles(values).map((cycle) => `imports in a circle: ${cycle.join(" → ")}`);
  const imports = [...all.values()].reduce((sum, { files }) => sum + files.size, 0);
  return { modules: all.size, imports, faults: [...faults.filter((fault) => fault !== null), ...cycles] };
}

/**
 * Trees planted for the self-test: files and their text, and what the check must say (null: nothing).
 * @type {readonly { name: string, files: Record<string, string>, expected: RegExp | null }[]}
 */
const PLANTED = [
  {
    name: "a sound tree passes",
    files: {
      "errors.ts": "export class Fault extends Error {}",
      "ports/broker.ts": 'import type { Fault } from "../errors.ts"; export interface Broker { fault: Fault }',
      "consume/read.ts":
        'import type { Broker } from "../ports/broker.ts"; export type Read = (broker: Broker) => void;',
    },
    expected: null,
  },
  {
    name: "an import against the layers is caught",
    files: {
      "ports/clock.ts": 'import { loop } from "../consume/loop.ts"; export const clock = loop;',
      "consume/loop.ts": "export const loop = 1;",
    },
    expected: /ports\/clock\.ts imports src\/consume\/loop\.ts: ports may import/,
  },
  {
    name: "an import of types against the layers is caught",
    files: {
      "domain/model.ts": 'import type { Pool } from "../adapters/redis/pool.ts"; export type Model = Pool;',
      "adapters/redis/pool.ts": "export interface Pool { size: number }",
    },
    expected: /domain\/model\.ts imports src\/adapters\/redis\/pool\.ts/,
  },
  {
    name: "a re-export of types against the layers is caught",
    files: {
      "index.ts": 'export type { Pool } from "./adapters/redis/pool.ts";',
      "adapters/redis/pool.ts": "export interface Pool { size: number }",
    },
    expected: /index\.ts imports src\/adapters/,
  },
  {
    name: "a circle of values is caught",
    files: {
      "consume/one.ts": 'import { two } from "./two.ts"; export const one = () => two;',
      "consume/two.ts": 'import { one } from "./one.ts"; export const two = () => one;',
    },
    expected: /in a circle: consume\/(?:one|two)\.ts → consume\/(?:one|two)\.ts → /,
  },
  {
    name: "a circle of types alone passes",
    files: {
      "consume/one.ts": 'import type { Two } from "./two.ts"; export interface One { two: Two }',
      "consume/two.ts": 'import type { One } from "./one.ts"; export interface Two { one: One }',
    },
    expected: null,
  },
  {
    name: "a built-in module in domain/ is caught",
    files: { "domain/model.ts": 'import { readFileSync } from "node:fs"; export const read = readFileSync;' },
    expected: /domain\/model\.ts imports node:fs/,
  },
  {
    name: "one adapter importing another is caught",
    files: {
      "adapters/redis/lease.ts": 'import { lease } from "../memory/lease.ts"; export const redisLease = lease;',
      "adapters/memory/lease.ts": "export const lease = 1;",
    },
    expected: /another technology's/,
  },
  {
    name: "a folder without a layer is caught",
    files: {
      "helpers/one.ts": 'import { deferred } from "../primitives/deferred.ts"; export const one = deferred;',
      "primitives/deferred.ts": "export const deferred = 1;",
    },
    expected: /"helpers" has no row/,
  },
  {
    name: "an import of a missing file is caught",
    files: { "consume/one.ts": 'import { two } from "./two.ts"; export const one = two;' },
    expected: /consume\/one\.ts imports \.\/two\.ts, which does not exist/,
  },
  { name: "an empty tree is caught", files: {}, expected: /no modules found/ },
];

async function selfTest() {
  let failed = 0;
  for (const { name, files, expected } of PLANTED) {
    const root = mkdtempSync(join(tmpdir(), "layers-"));
    try {
      for (const [file, text] of Object.entries(files)) {
        mkdirSync(dirname(join(root, file)), { recursive: true });
        writeFileSync(join(root, file), text);
      }
      const { faults } = await checkLayers(root);
      const isAsExpected = expected === null ? faults.length === 0 : faults.some((fault) => expected.test(fault));
      console.log(`${isAsExpected ? "ok    " : "FAILED"} ${name}${isAsExpected ? "" : `: got [${faults.join("; ")}]`}`);
      if (!isAsExpected) failed += 1;
    } finally {
      rmSync(root, { recursive: true, force: true });
    }
  }
  return failed;
}

if (process.argv.includes("--self-test")) {
  process.exitCode = (await selfTest()) === 0 ? 0 : 1;
} else {
  const { modules, imports, faults } = await checkLayers(join(ROOT, "src"));
  for (const fault of faults) console.error(fault);
  console.log(`layers: ${modules} modules, ${imports} imports, ${faults.length} faults`);
  process.exitCode = faults.length === 0 ? 0 : 1;
}
