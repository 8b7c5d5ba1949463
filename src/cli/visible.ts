/**
 * Text from elsewhere (payloads, error messages), made safe for a terminal: what would move the cursor, colour the
 * screen, or reorder the line is written out instead.
 */

// Control characters; formatting ones (directional marks and overrides, zero-width, tags); line and paragraph separators.
const HIDDEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

const SHORT_ESCAPES: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

/** One line of text: every control and invisible formatting character shows as an escape such as `\x1b` or `\u202e`. */
export function visible(text: string): string {
  return text.replaceAll(HIDDEN, escapeOf);
}

/** The same, keeping line breaks: for stacks and indented JSON. */
export function visibleLines(text: string): string {
  return text
    .split(/\r?\n/)
    .map((line) => visible(line))
    .join("\n");
}

function escapeOf(character: string): string {
  const short = SHORT_ESCAPES[character];
  if (short !== undefined) return short;
  const point = character.codePointAt(0) ?? 0;
  if (point <= 0xff) return `\\x${point.toString(16).padStart(2, "0")}`;
  return point <= 0xffff ? `\\u${point.toString(16)}` : `\\u{${point.toString(16)}}`;
}

/** JSON that is safe on a terminal too: the same characters, as JSON's own `\uXXXX`. Parses to the same value. */
export function visibleJson(value: unknown, indent?: number): string {
  const json = JSON.stringify(value, null, indent) ?? "null";
  return json.replaceAll(HIDDEN, (character) => (character === "\n" ? character : jsonEscapeOf(character)));
}

function jsonEscapeOf(character: string): string {
  return Array.from({ length: character.length }, (_, index) => {
    return `\\u${character.charCodeAt(index).toString(16).padStart(4, "0")}`;
  }).join("");
}
