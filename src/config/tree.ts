/**
 * A configuration as it was written, before anything is known about it: tables and values, each with its place.
 * Tables are Maps, so that no key (`__proto__`, `constructor`) means anything to JavaScript.
 */
import type { KeyPath, Origin } from "./faults.ts";

export interface RawTable {
  readonly kind: "table";
  readonly origin: Origin;
  readonly entries: Map<string, RawNode>;
}

export interface RawValue {
  readonly kind: "value";
  readonly origin: Origin;
  readonly value: unknown;
}

export type RawNode = RawTable | RawValue;

export type Locate = (path: KeyPath) => Origin;

/** Reads plain objects as tables; arrays, dates and class instances are values. `undefined` is left out. */
export function readTable(source: object, locate: Locate, path: KeyPath = []): RawTable {
  const entries = new Map<string, RawNode>();
  for (const [key, value] of Object.entries(source) as [string, unknown][]) {
    if (value === undefined) continue;
    const keyPath = [...path, key];
    if (isPlainObject(value)) entries.set(key, readTable(value, locate, keyPath));
    else entries.set(key, { kind: "value", origin: locate(keyPath), value });
  }
  return { kind: "table", origin: locate(path), entries };
}

function isPlainObject(value: unknown): value is object {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** The node at `path`; undefined when there is none. */
export function findNode(table: RawTable, path: KeyPath): RawNode | undefined {
  let node: RawNode | undefined = table;
  for (const part of path) {
    if (node?.kind !== "table") return undefined;
    node = node.entries.get(part);
  }
  return node;
}

/** The tables under `path` with the names users gave them. */
export function namedTables(table: RawTable, path: KeyPath): readonly (readonly [string, RawTable])[] {
  const node = findNode(table, path);
  if (node?.kind !== "table") return [];
  return [...node.entries].flatMap(([name, entry]) => (entry.kind === "table" ? [[name, entry] as const] : []));
}
