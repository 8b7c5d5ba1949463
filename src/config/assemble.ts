/** From tables as written to an `EngineConfig`, or to one error with all their faults. */
import { buildConfig, type ConfigContext } from "./build.ts";
import { crossCheck } from "./cross-checks.ts";
import { ConfigError, createFault, type ConfigFault, type KeyPath } from "./faults.ts";
import { splitOverlays, type SplitConfig } from "./overlays.ts";
import type { EngineConfig } from "./settings.ts";
import type { Variables } from "./substitute.ts";
import { findNode, type RawNode, type RawTable } from "./tree.ts";
import { validateConfig } from "./validate.ts";

/** `variables`: null leaves `${…}` alone. */
export function assembleConfig(root: RawTable, context: ConfigContext, variables: Variables | null): EngineConfig {
  const split = splitOverlays(root, context.environment);
  const faults: ConfigFault[] = [...split.faults];
  const lowered: SplitConfig = {
    ...split,
    base: lowerProfileNames(split.base, faults),
    overlays: new Map([...split.overlays].map(([name, table]) => [name, lowerProfileNames(table, faults)])),
  };
  const valid = validateConfig(lowered, context.environment, variables);
  const config = buildConfig(valid, context);
  faults.push(...valid.faults, ...crossCheck(config, valid));
  if (faults.length > 0) throw new ConfigError(faults);
  return config;
}

/** The case of profile names does not count: from here on they are in lower case. */
function lowerProfileNames(root: RawTable, faults: ConfigFault[]): RawTable {
  const profiles = findNode(root, ["server", "profiles"]);
  if (profiles?.kind !== "table") return root;
  const entries = new Map<string, RawNode>();
  for (const [name, node] of profiles.entries) {
    const lower = name.toLowerCase();
    if (entries.has(lower)) {
      faults.push(
        createFault(
          ["server", "profiles", name],
          node.origin,
          "is there twice: the case of a profile's name does not count",
        ),
      );
    }
    entries.set(lower, node);
  }
  return withNode(root, ["server", "profiles"], { ...profiles, entries });
}

/** A copy of `table` with `node` at `path`, which exists. */
function withNode(table: RawTable, path: KeyPath, node: RawNode): RawTable {
  const [key = "", ...rest] = path;
  const below = table.entries.get(key);
  const replaced = rest.length > 0 && below?.kind === "table" ? withNode(below, rest, node) : node;
  return { ...table, entries: new Map(table.entries).set(key, replaced) };
}
