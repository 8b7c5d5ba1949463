/** Reference pages and code name the same things, both ways. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { ERROR_CODES } from "../../src/errors.ts";

const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), "utf8");

function exportsOf(source: string): string[] {
  const lists = [...source.matchAll(/^export (?:type )?\{([^}]*)\}/gm)].map(([, names]) => names ?? "");
  return lists
    .flatMap((names) => names.split(","))
    .map((name) => name.trim())
    .filter((name) => name !== "");
}

function firstCells(page: string): string[] {
  return [...page.matchAll(/^\| `(\w+)` \|/gm)].map(([, name]) => name ?? "");
}

describe("docs/reference/errors.md", () => {
  it("describes every code, and no other", () => {
    const described = firstCells(read("docs/reference/errors.md")).filter((name) => name.startsWith("ENGINE_"));
    assert.deepEqual(described.toSorted(), Object.keys(ERROR_CODES).toSorted());
  });
});

describe("docs/reference/api.md", () => {
  it("describes every export once, and nothing that is not exported", () => {
    const source = read("src/index.ts");
    assert.equal(source.match(/^export \*/m), null, "exports are explicit");
    const exported = exportsOf(source);
    assert.ok(exported.length > 40, "the exports were found");
    assert.deepEqual(firstCells(read("docs/reference/api.md")).toSorted(), exported.toSorted());
  });
});

describe("docs/explanation/message-path.md", () => {
  it("has the drain steps as src/consume/drain.ts has them", () => {
    const comment = /\/\*\*([^/]*1\. what runs[^/]*)\*\//.exec(read("src/consume/drain.ts"))?.[1] ?? "";
    const steps = [...comment.replaceAll(/\s*\*?\s*\n\s*\*/g, " ").matchAll(/\d\. ([^,]+?)(?:,|\.)(?= |$|\n)/g)].map(
      ([, step]) => step?.trim(),
    );
    assert.ok(steps.length >= 4, "the steps were found");
    const page = read("docs/explanation/message-path.md").toLowerCase();
    for (const step of steps) assert.ok(page.includes(step?.toLowerCase() ?? ""), step);
  });
});

describe("docs/adr", () => {
  it("are numbered in a row, short, and each has context, decision and consequences", () => {
    const files = readdirSync(new URL("../../docs/adr/", import.meta.url))
      .filter((name) => name.endsWith(".md") && name !== "README.md")
      .toSorted();
    files.forEach((name, index) => assert.ok(name.startsWith(String(index + 1).padStart(4, "0")), name));
    for (const name of files) {
      const text = read(`docs/adr/${name}`);
      assert.ok(text.split("\n").length < 40, `${name} is long`);
      for (const part of ["## Context", "## Decision", "## Consequences"])
        assert.ok(text.includes(part), `${name} lacks ${part}`);
    }
  });
});
