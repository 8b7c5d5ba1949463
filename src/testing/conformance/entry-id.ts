import assert from "node:assert/strict";

export interface ParsedId {
  readonly text: string;
  readonly ms: number;
  readonly seq: number;
}

/** The two numbers of an entry id, `ms-seq`: its time by the broker's clock, and a count within it. Fails on any other text. */
export function parseId(text: string): ParsedId {
  const match = /^(\d+)-(\d+)$/.exec(text);
  assert.ok(match, `"${text}" is no entry id`);
  return { text, ms: Number(match[1]), seq: Number(match[2]) };
}

/** An id right behind this one. */
export function idAfter(text: string): string {
  const { ms, seq } = parseId(text);
  return `${ms}-${seq + 1}`;
}
