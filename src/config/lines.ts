/**
 * On which line each key of a TOML document stands: the parser does not say. The document is known to be valid, so
 * this only has to tell keys from values and to step over strings, arrays and comments.
 */
import type { KeyPath } from "./faults.ts";

/** The line (from 1) of a key; of the nearest table around it when it has none of its own; null without any. */
export type LineLookup = (path: KeyPath) => number | null;

/** Elements of an array of tables share one path: the first one's. */
export function locateKeys(toml: string): LineLookup {
  const lines = new Map<string, number>();
  const cursor: Cursor = { text: toml, at: 0 };
  let table: KeyPath = [];
  const lineOf = createLineCounter(toml);
  const implied = new Set<string>();
  const record: RecordKey = (path, offset) => {
    for (let length = 1; length <= path.length; length += 1) {
      const id = JSON.stringify(path.slice(0, length));
      const isOwn = length === path.length;
      if (lines.has(id) && !(isOwn && implied.has(id))) continue;
      lines.set(id, lineOf(offset));
      // A dotted key, and a header, imply the tables on their way; a header of a table's own says more.
      if (!isOwn) implied.add(id);
    }
  };

  while (skipBlank(cursor)) {
    const start = cursor.at;
    if (toml[start] === "[") {
      cursor.at += toml[start + 1] === "[" ? 2 : 1;
      table = readKey(cursor);
      record(table, start);
      while (toml[cursor.at] === "]" || isSpace(toml[cursor.at])) cursor.at += 1;
    } else readPair(cursor, table, record);
  }
  return (path) => {
    for (let length = path.length; length > 0; length -= 1) {
      const line = lines.get(JSON.stringify(path.slice(0, length)));
      if (line !== undefined) return line;
    }
    return null;
  };
}

interface Cursor {
  readonly text: string;
  at: number;
}

type RecordKey = (path: KeyPath, offset: number) => void;

/** `key = value`, with the cursor left behind the value. */
function readPair(cursor: Cursor, table: KeyPath, record: RecordKey): void {
  const start = cursor.at;
  const path = [...table, ...readKey(cursor)];
  record(path, start);
  while (cursor.at < cursor.text.length && cursor.text[cursor.at] !== "=") cursor.at += 1;
  cursor.at += 1;
  readValue(cursor, path, record);
}

function readValue(cursor: Cursor, path: KeyPath, record: RecordKey): void {
  skipBlank(cursor);
  const first = cursor.text[cursor.at];
  if (first === '"' || first === "'") readString(cursor);
  else if (first === "[" || first === "{") readBrackets(cursor, path, record);
  else while (cursor.at < cursor.text.length && !/[\n,\]}#]/.test(cursor.text[cursor.at] ?? "")) cursor.at += 1;
}

/** An array, or an inline table with its keys. */
function readBrackets(cursor: Cursor, path: KeyPath, record: RecordKey): void {
  const isTable = cursor.text[cursor.at] === "{";
  const close = isTable ? "}" : "]";
  cursor.at += 1;
  while (skipBlank(cursor)) {
    const next = cursor.text[cursor.at];
    if (next === close) break;
    if (next === ",") cursor.at += 1;
    else if (isTable) readPair(cursor, path, record);
    else readValue(cursor, path, record);
  }
  cursor.at += 1;
}

/** A bare, quoted or dotted key. */
function readKey(cursor: Cursor): string[] {
  const parts: string[] = [];
  for (;;) {
    while (isSpace(cursor.text[cursor.at])) cursor.at += 1;
    const first = cursor.text[cursor.at];
    if (first === '"' || first === "'") parts.push(readString(cursor));
    else parts.push(readBare(cursor));
    while (isSpace(cursor.text[cursor.at])) cursor.at += 1;
    if (cursor.text[cursor.at] !== ".") return parts;
    cursor.at += 1;
  }
}

function readBare(cursor: Cursor): string {
  const start = cursor.at;
  while (/[\w-]/.test(cursor.text[cursor.at] ?? "")) cursor.at += 1;
  return cursor.text.slice(start, cursor.at);
}

/** Steps over a string of any of the four kinds; its content, for keys, with the escapes undone. */
function readString(cursor: Cursor): string {
  const quote = cursor.text[cursor.at] ?? "";
  const fence = cursor.text.startsWith(quote.repeat(3), cursor.at) ? quote.repeat(3) : quote;
  const start = cursor.at + fence.length;
  let end = start;
  while (end < cursor.text.length && !cursor.text.startsWith(fence, end)) {
    end += quote === '"' && cursor.text[end] === "\\" ? 2 : 1;
  }
  // Up to two quotes may stand right before the closing three.
  while (fence.length === 3 && cursor.text[end + 3] === quote) end += 1;
  cursor.at = end + fence.length;
  const content = cursor.text.slice(start, end);
  return quote === '"' ? unescape(content) : content;
}

const ESCAPES: Readonly<Record<string, string>> = { b: "\b", t: "\t", n: "\n", f: "\f", r: "\r", e: "\u001B" };

function unescape(content: string): string {
  return content.replaceAll(/\\(?:x([\dA-Fa-f]{2})|u([\dA-Fa-f]{4})|U([\dA-Fa-f]{8})|(.))/g, (_, ...groups) => {
    const [x, u, long, letter] = groups as (string | undefined)[];
    const hex = x ?? u ?? long;
    if (hex !== undefined) return String.fromCodePoint(Number.parseInt(hex, 16));
    return ESCAPES[letter ?? ""] ?? letter ?? "";
  });
}

/** Skips white space, line ends and comments. False at the end of the text. */
function skipBlank(cursor: Cursor): boolean {
  const { text } = cursor;
  while (cursor.at < text.length) {
    const next = text[cursor.at];
    if (next === "#") {
      const end = text.indexOf("\n", cursor.at);
      cursor.at = end < 0 ? text.length : end;
    } else if (isSpace(next) || next === "\n" || next === "\r") cursor.at += 1;
    else return true;
  }
  return false;
}

function isSpace(character: string | undefined): boolean {
  return character === " " || character === "\t";
}

/** Line of an offset; offsets are asked for in ascending order. */
function createLineCounter(text: string): (offset: number) => number {
  let line = 1;
  let counted = 0;
  return (offset) => {
    for (; counted < offset; counted += 1) if (text[counted] === "\n") line += 1;
    return line;
  };
}
