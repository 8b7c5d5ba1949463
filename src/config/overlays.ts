/** Environments: `[production.server.dlq]` over `[server.dlq]` when `ENGINE_ENV=production`. */
import { createFault, createUnknownFault, type ConfigFault, type Origin } from "./faults.ts";
import { nearestName } from "./nearest.ts";
import { SECTIONS } from "./schema.ts";
import type { RawNode, RawTable } from "./tree.ts";

export interface SplitConfig {
  /** The known sections. */
  readonly base: RawTable;
  /** The rest by environment. */
  readonly overlays: ReadonlyMap<string, RawTable>;
  readonly faults: readonly ConfigFault[];
}

/**
 * A top-level table that is no section is an environment's overlay when a section, or the near miss of one, is inside
 * it, or when it is empty; else its name is unknown.
 */
export function splitOverlays(root: RawTable, environment: string | null): SplitConfig {
  const base = new Map<string, RawNode>();
  const overlays = new Map<string, RawTable>();
  const faults: ConfigFault[] = [];
  for (const [name, node] of root.entries) {
    if (SECTIONS.includes(name)) base.set(name, node);
    else if (node.kind === "table" && isOverlay(name, node, environment)) overlays.set(name, inEnvironment(node, name));
    else
      faults.push(createUnknownFault({ path: [name], origin: node.origin, what: "unknown section" }, name, SECTIONS));
  }
  const fault = environment === null ? null : checkEnvironment(environment, overlays);
  if (fault !== null) faults.push(fault);
  return { base: { ...root, entries: base }, overlays, faults };
}

function isOverlay(name: string, table: RawTable, environment: string | null): boolean {
  if (name === "__proto__") return false;
  const inside = [...table.entries.keys()];
  if (name === environment || inside.some((key) => SECTIONS.includes(key))) return true;
  if (nearestName(name, SECTIONS) !== null) return false;
  return inside.length === 0 || inside.some((key) => nearestName(key, SECTIONS) !== null);
}

function checkEnvironment(environment: string, overlays: ReadonlyMap<string, RawTable>): ConfigFault | null {
  if (SECTIONS.includes(environment)) {
    return createFault(
      ["ENGINE_ENV"],
      null,
      `"${environment}" is the name of a section; an environment needs another one`,
    );
  }
  const nearest = overlays.has(environment) ? null : nearestName(environment, [...overlays.keys()]);
  if (nearest === null) return null;
  const message = `no table [${environment}] (if the name is right, add an empty one)`;
  return { ...createFault(["ENGINE_ENV"], null, message), nearest };
}

function inEnvironment(table: RawTable, environment: string): RawTable {
  const mark = (origin: Origin): Origin => ({ ...origin, environment });
  const entries = [...table.entries].map(([key, node]): [string, RawNode] => [
    key,
    node.kind === "table" ? inEnvironment(node, environment) : { ...node, origin: mark(node.origin) },
  ]);
  return { kind: "table", origin: mark(table.origin), entries: new Map(entries) };
}

/** `over` on top of `base`, table by table; neither is changed. */
export function mergeTables(base: RawTable, over: RawTable): RawTable {
  const entries = new Map(base.entries);
  for (const [key, node] of over.entries) {
    const below = entries.get(key);
    const isMerged = node.kind === "table" && below?.kind === "table";
    entries.set(key, isMerged ? mergeTables(below, node) : node);
  }
  return { ...base, entries };
}
