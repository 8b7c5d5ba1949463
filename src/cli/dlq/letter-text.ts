/** A dead letter as text and as JSON. */
import type { DeadLetter } from "../../ports/dead-letters.ts";
import type { Cell, Column } from "../table.ts";
import { visible, visibleJson, visibleLines } from "../visible.ts";
import { deadLetteredAtMs, formatInstant } from "./filter.ts";

export const LETTER_COLUMNS: readonly Column[] = [
  { title: "id", isWhole: true },
  { title: "when (UTC)", isWhole: true },
  { title: "subscription" },
  { title: "type" },
  { title: "key" },
  { title: "reason" },
  { title: "error" },
  { title: "attempts", align: "right" },
  { title: "replays", align: "right" },
];

export function letterRow({ id, subscription, failure, failureText }: DeadLetter): Cell[] {
  const when = formatInstant(deadLetteredAtMs(id));
  if (failure === null) return [id, when, subscription, null, null, "unreadable", failureText, null, null];
  const { eventType, key, reason, error, attempts, replays } = failure;
  const thrown = `${error.name}: ${error.message}`;
  return [id, when, subscription, eventType ?? null, key ?? null, reason, thrown, attempts, replays ?? 0];
}

/** Fields as pairs: an entry may carry a name twice. */
export function letterJson({ id, stream, subscription, fields, failure, failureText }: DeadLetter): object {
  const unreadable = failure === null ? { failure_text: failureText } : {};
  return { id, stream, subscription, failure, ...unreadable, fields: pairsOf(fields) };
}

function pairsOf(fields: readonly string[]): [string, string][] {
  const pairs: [string, string][] = [];
  for (let i = 0; i + 1 < fields.length; i += 2) pairs.push([fields[i] ?? "", fields[i + 1] ?? ""]);
  return pairs;
}

/** The whole record, a line per attribute, then stack and payload. Nothing in it can steer the terminal. */
export function describeLetter(letter: DeadLetter): string {
  const { failure } = letter;
  const when = formatInstant(deadLetteredAtMs(letter.id));
  const heads: [string, unknown][] = [
    ["id", letter.id],
    ["stream", letter.stream],
    ["subscription", letter.subscription],
    ["dead-lettered", `${when} UTC`],
  ];
  if (failure !== null) {
    const { error, stream: _stream, subscription: _subscription, deadLetteredAt: _at, ...rest } = failure;
    heads.push(...Object.entries(rest).map(([name, value]): [string, unknown] => [wordsOf(name), value]));
    heads.push(["error", `${error.name}: ${error.message}`], ["error code", error.code]);
    for (const cause of error.cause ?? []) heads.push(["caused by", cause]);
  }
  const known = heads.filter(([, value]) => value !== undefined);
  const width = Math.max(...known.map(([name]) => name.length));
  const lines = known.map(([name, value]) => `${name.padEnd(width)}  ${visible(String(value))}`);
  const stack = failure?.error.stack;
  if (stack !== undefined) lines.push("", "stack", indent(visibleLines(stack)));
  if (failure === null) lines.push("", "failure (unreadable)", indent(visibleLines(letter.failureText)));
  for (const [name, value] of pairsOf(letter.fields))
    lines.push("", `field ${visible(name)}`, indent(fieldText(value)));
  return lines.join("\n");
}

function wordsOf(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}

/** JSON is indented, unless that would change it. */
function fieldText(value: string): string {
  if (!/^\s*[[{]/.test(value) || /\d{16}/.test(value)) return visibleLines(value);
  try {
    return visibleJson(JSON.parse(value), 2);
  } catch {
    return visibleLines(value);
  }
}

function indent(text: string): string {
  return text.replaceAll(/^/gm, "  ");
}
