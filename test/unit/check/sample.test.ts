import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { createContext } from "../../../src/check/context.ts";
import { RULES } from "../../../src/check/registry.ts";
import { runRules } from "../../../src/check/run.ts";
import type { Finding } from "../../../src/check/rule.ts";
import { loadDomain } from "../../../src/cli/load-domain.ts";
import { loadConfig } from "../../../src/config/load.ts";

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));

async function checkSample(environment: string): Promise<readonly Finding[]> {
  const config = loadConfig({ cwd: ROOT, file: "domain.toml.example", env: { ENGINE_ENV: environment } });
  const { model } = await loadDomain("handlers", ROOT);
  return (await runRules(RULES, createContext({ model, config, cwd: ROOT, callbackFault: null }))).findings;
}

describe("the sample application with domain.toml.example", () => {
  it("has nothing to find", async () => {
    assert.deepEqual(await checkSample(""), []);
  });

  it("has nothing that shuts the gate for production, not even when strict", async () => {
    const severe = (await checkSample("production")).filter(({ severity }) => severity !== "info");
    assert.deepEqual(severe, []);
  });
});
