import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { renderCheckRulesPage } from "../../../scripts/lib/check-rules-page.ts";
import { ALL_DESCRIPTIONS } from "../../../src/check/registry.ts";

const read = (path: string): string => readFileSync(new URL(`../../../docs/${path}`, import.meta.url), "utf8");

describe("docs/reference/check-rules.md", () => {
  it("is what scripts/generate-reference.ts writes", () => {
    assert.equal(read("reference/check-rules.md"), renderCheckRulesPage());
  });

  it("has every rule, and no others", () => {
    const documented = [...read("reference/check-rules.md").matchAll(/^### `(\w+)`$/gm)].map(([, code]) => code);
    assert.deepEqual(new Set(documented), new Set(ALL_DESCRIPTIONS.map(({ code }) => code)));
  });
});

describe("docs/how-to/gate-a-deploy.md", () => {
  it("names no rule that does not exist", () => {
    const codes = new Set(ALL_DESCRIPTIONS.map(({ code }) => code));
    const named = [...read("how-to/gate-a-deploy.md").matchAll(/\bCHECK_[A-Z_]+[A-Z]\b/g)].map(([code]) => code);
    assert.ok(named.length > 3);
    assert.deepEqual(
      named.filter((code) => !codes.has(code)),
      [],
    );
  });
});
