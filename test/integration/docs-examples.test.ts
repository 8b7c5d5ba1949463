/** What the documentation shows compiles, and what it points to exists. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { existsSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const PAGES = [
  "README.md",
  "CHANGELOG.md",
  "docs/README.md",
  ...globSync("docs/{tutorial,how-to}/*.md", { cwd: ROOT }),
];

function read(page: string): string {
  return readFileSync(join(ROOT, page), "utf8");
}

function compile(folder: string): Promise<{ code: number; output: string }> {
  return new Promise((done) => {
    const args = [join(ROOT, "node_modules/typescript/bin/tsc"), "-p", folder];
    execFile(process.execPath, args, { cwd: ROOT }, (error, stdout, stderr) => {
      done({ code: error ? 1 : 0, output: stdout + stderr });
    });
  });
}

/** Every `ts` block, as a file of its own. */
async function compileBlocks(blocks: ReadonlyMap<string, string>): Promise<{ code: number; output: string }> {
  mkdirSync(join(ROOT, ".cache"), { recursive: true });
  const folder = mkdtempSync(join(ROOT, ".cache/docs-"));
  try {
    for (const [name, block] of blocks) writeFileSync(join(folder, name), block);
    const options = { noEmit: true, noUnusedLocals: false };
    const project = { extends: "../../tsconfig.json", compilerOptions: options, include: ["*.ts"] };
    writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(project));
    return await compile(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function blocksOf(pages: readonly string[]): Map<string, string> {
  const blocks = new Map<string, string>();
  for (const page of pages) {
    [...read(page).matchAll(/^```ts\n(.*?)^```$/gms)].forEach((match, index) => {
      blocks.set(`${page.replaceAll(/\W/g, "-")}-${index}.ts`, match[1] ?? "");
    });
  }
  return blocks;
}

test("every TypeScript example of the documentation compiles", async () => {
  const blocks = blocksOf(PAGES);
  assert.ok(blocks.size >= 4, `found ${[...blocks.keys()].join()}`);
  const { code, output } = await compileBlocks(blocks);
  assert.equal(code, 0, output);
});

test("an example with a fault in it would not pass", async () => {
  const [name, block] = [...blocksOf(["README.md"])][0] ?? ["", ""];
  const { code, output } = await compileBlocks(new Map([[name, block.replace("order.orderId", "order.orderID")]]));
  assert.equal(code, 1);
  assert.match(output, /orderID/);
});

test("every relative link of the documentation leads somewhere", () => {
  const broken = PAGES.flatMap((page) =>
    [...read(page).matchAll(/\]\(([^)#]+)(?:#[^)]*)?\)/g)]
      .map((match) => match[1] ?? "")
      .filter((target) => !/^[a-z]+:/.test(target))
      .filter((target) => !existsSync(resolve(ROOT, dirname(page), target)))
      .map((target) => `${page}: ${target}`),
  );
  assert.deepEqual(broken, []);
});
