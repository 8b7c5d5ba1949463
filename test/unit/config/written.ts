/** Configurations written to a folder of their own, for the tests beside this file. */
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { ConfigError, formatFault } from "../../../src/config/faults.ts";
import { loadConfig } from "../../../src/config/load.ts";
import type { EngineConfig } from "../../../src/config/settings.ts";
import type { Variables } from "../../../src/config/substitute.ts";

/** Runs `use` with a new folder, which is removed afterwards. */
export function inFolder<T>(files: Readonly<Record<string, string>>, use: (folder: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), "engine-config-"));
  try {
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      writeFileSync(join(folder, name), text);
    }
    return use(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The configuration that `toml` comes to as domain.toml. */
export function load(toml: string, env: Variables = {}): EngineConfig {
  return inFolder({ "domain.toml": toml }, (cwd) => loadConfig({ cwd, env }));
}

/** The faults of what `act` throws, as people read them. */
export function faultsOf(act: () => unknown): readonly string[] {
  try {
    act();
  } catch (error) {
    assert.ok(error instanceof ConfigError, `a ConfigError, not ${String(error)}`);
    assert.equal(error.code, "ENGINE_CONFIG_INVALID");
    const faults = error.faults.map(formatFault);
    for (const fault of faults) assert.ok(error.message.includes(fault), "the message lists every fault");
    return faults;
  }
  return [];
}

/** The faults of `toml` as domain.toml. */
export function faultsIn(toml: string, env: Variables = {}): readonly string[] {
  return faultsOf(() => load(toml, env));
}
