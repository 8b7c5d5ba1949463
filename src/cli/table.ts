/** Tables that fit the terminal. */
import { visible } from "./visible.ts";

export interface Column {
  readonly title: string;
  readonly align?: "left" | "right";
  /** Never cut, whatever the width: ids that are copied. */
  readonly isWhole?: boolean;
}

/** Null shows as "-": unknown. */
export type Cell = string | number | null;

const GAP = "  ";
/** A column is never cut below this, nor below its title. */
const NARROWEST = 6;

/**
 * Header and rows, padded, one line each. Wider than `maxWidth` columns: the widest ones are cut, ending in "…".
 * Cells are made visible: a payload cannot steer the terminal.
 */
export function formatTable(
  columns: readonly Column[],
  rows: readonly (readonly Cell[])[],
  maxWidth: number,
): string[] {
  const texts = rows.map((row) => columns.map((_, index) => textOf(row[index] ?? null)));
  const widths = fittingWidths(columns, texts, maxWidth);
  const titles = columns.map((column) => column.title);
  return [titles, ...texts].map((cells) =>
    cells
      .map((cell, index) => pad(cell, widths[index] ?? 0, columns[index]?.align ?? "left"))
      .join(GAP)
      .trimEnd(),
  );
}

function textOf(cell: Cell): string {
  if (cell === null) return "-";
  return typeof cell === "number" ? cell.toLocaleString("en-US") : visible(cell);
}

function fittingWidths(columns: readonly Column[], rows: readonly string[][], maxWidth: number): number[] {
  const widths = columns.map((column, index) => {
    return rows.reduce((width, row) => Math.max(width, widthOf(row[index] ?? "")), widthOf(column.title));
  });
  const floors = columns.map((column, index) => {
    return column.isWhole ? (widths[index] ?? 0) : Math.max(widthOf(column.title), NARROWEST);
  });
  let excess = sum(widths) + GAP.length * (columns.length - 1) - maxWidth;
  while (excess > 0) {
    const widest = widestAbove(widths, floors);
    if (widest === null) break;
    widths[widest] = (widths[widest] ?? 0) - 1;
    excess -= 1;
  }
  return widths;
}

function widestAbove(widths: readonly number[], floors: readonly number[]): number | null {
  let widest: number | null = null;
  widths.forEach((width, index) => {
    if (width > (floors[index] ?? 0) && width > (widest === null ? 0 : (widths[widest] ?? 0))) widest = index;
  });
  return widest;
}

function pad(text: string, width: number, align: "left" | "right"): string {
  const cut = truncate(text, width);
  const filling = " ".repeat(Math.max(width - widthOf(cut), 0));
  return align === "right" ? filling + cut : cut + filling;
}

/** At most `width` columns of the terminal; what was cut ends in "…". */
export function truncate(text: string, width: number): string {
  if (widthOf(text) <= width) return text;
  let kept = "";
  let used = 1;
  for (const character of text) {
    used += characterWidth(character);
    if (used > width) break;
    kept += character;
  }
  return `${kept}…`;
}

/** Columns on a terminal. An approximation: East Asian and emoji take two, combining marks none. */
export function widthOf(text: string): number {
  let width = 0;
  for (const character of text) width += characterWidth(character);
  return width;
}

const WIDE =
  /[\p{Emoji_Presentation}\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\u3000-\u303f\uff01-\uff60]/u;
const COMBINING = /\p{Mark}/u;

function characterWidth(character: string): number {
  if (character <= "\u007e") return 1;
  if (COMBINING.test(character)) return 0;
  return WIDE.test(character) ? 2 : 1;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}
