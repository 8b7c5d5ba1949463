import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, realpathSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { describe, it } from "node:test";
import { findModule, loadDomain } from "../../../src/cli/load-domain.ts";

const DOMAIN_MODULE = new URL("../../../src/domain/domain.ts", import.meta.url).href;

/** A project with these files. */
function project(files: Readonly<Record<string, string>>): string {
  const root = realpathSync(mkdtempSync(join(tmpdir(), "engine-domain-")));
  for (const [name, text] of Object.entries({ "package.json": '{"type":"module"}', ...files })) {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), text);
  }
  return root;
}

const declaration = (name: string, how = "export const domain ="): string =>
  `import { Domain } from ${JSON.stringify(DOMAIN_MODULE)};\n${how} new Domain("${name}");\n`;

describe("findModule", () => {
  it("looks a name up here, then in src/, handlers/ and dist/, .js before .mjs before .ts before a folder's index", () => {
    const all = [
      "app.js",
      "app.mjs",
      "app.ts",
      "app/index.js",
      "src/app.ts",
      "src/app/index.ts",
      "handlers/app.mjs",
      "dist/app.js",
    ];
    const files = new Map(all.map((name) => [name, ""]));
    while (files.size > 0) {
      const root = project(Object.fromEntries(files));
      const found = relative(root, findModule("app", root));
      assert.equal(found, files.keys().next().value);
      files.delete(found);
    }
  });

  it("takes a path as it is, with its extension or without", () => {
    const root = project({ "lib/shop.mjs": "", "src/lib/shop.mjs": "" });
    for (const path of ["lib/shop.mjs", "./lib/shop", join(root, "lib/shop")]) {
      assert.equal(relative(root, findModule(path, root)), "lib/shop.mjs");
    }
  });

  it("does not look a relative path up in other folders", () => {
    const root = project({ "src/app.ts": "" });
    assert.throws(() => findModule("./app", root), { code: "ENGINE_DOMAIN_NOT_FOUND" });
  });

  for (const specifier of [
    "data:text/javascript,export default 1",
    "http://example.com/app.js",
    "https:x",
    "node:fs",
    "",
  ]) {
    it(`refuses ${specifier === "" ? "an empty name" : specifier}`, () => {
      assert.throws(() => findModule(specifier, project({})), { code: "ENGINE_DOMAIN_NOT_FOUND" });
    });
  }
});

describe("loadDomain", () => {
  it("takes the export `domain`, or the default one", async () => {
    const root = project({ "a.mjs": declaration("named"), "b.mjs": declaration("other", "export default") });
    assert.equal((await loadDomain("a", root)).name, "named");
    assert.equal((await loadDomain("b", root)).name, "other");
  });

  it("says what a module without a Domain exports", async () => {
    const root = project({ "a.mjs": "export const domian = 1; export const x = 2;" });
    await assert.rejects(loadDomain("a", root), { code: "ENGINE_DOMAIN_NO_EXPORT", hint: /It exports domian, x\./ });
  });

  it("shows where in the application's own files it threw, and nothing of node's", async () => {
    const root = project({
      "app.mjs": 'import "./broken.mjs";',
      "broken.mjs": "function fail() {\n  null.x;\n}\nfail();\n",
    });
    await assert.rejects(loadDomain("app", root), (error: Error) => {
      assert.match(error.message, /^loading app\.mjs failed: TypeError: Cannot read properties of null/);
      assert.match(error.message, /\n {4}at fail \(broken\.mjs:2:\d+\)/);
      assert.doesNotMatch(error.message, /node:internal/);
      return true;
    });
  });

  it("explains what to do about decorators in JavaScript", async () => {
    const root = project({ "app.mjs": "@x class A {}" });
    await assert.rejects(loadDomain("app", root), { code: "ENGINE_DOMAIN_LOAD_FAILED", hint: /compile/ });
  });

  it("survives a module that throws something that is no error", async () => {
    const root = project({ "app.mjs": "throw null;" });
    await assert.rejects(loadDomain("app", root), { code: "ENGINE_DOMAIN_LOAD_FAILED", message: /threw null/ });
  });
});
