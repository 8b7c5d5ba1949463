/**
 * Draws a terminal's text as a picture: text with colour sequences on stdin, SVG on stdout.
 *
 *   node scripts/terminal-to-svg.ts [--title TEXT] < captured.txt > picture.svg
 *
 * Understands what a captured screen holds: colours and weights (SGR). Cursor movements are not: capture the screen, not
 * the stream that painted it.
 */
import { text } from "node:stream/consumers";
import { parseArgs } from "node:util";

interface Span {
  readonly text: string;
  readonly colour: string;
  readonly isBold: boolean;
}

type Pen = Omit<Span, "text">;

const [LINE_HEIGHT, CHARACTER_WIDTH, MARGIN, BAR_HEIGHT] = [18, 8.4, 18, 34];
const PAPER = "#16181d";
const INK = "#d7dae0";
const DIM = "#8b909c";
const COLOURS: Readonly<Record<number, string>> = {
  31: "#ff7b72",
  32: "#7ee787",
  33: "#e3b341",
  34: "#79c0ff",
  35: "#d2a8ff",
  36: "#56d4dd",
};
const DEFAULT_PEN: Pen = { colour: INK, isBold: false };
// eslint-disable-next-line no-control-regex -- it is what starts a sequence
const SEQUENCE = /\u001b\[([\d;]*)m/;

/** The lines as spans of one colour; a pen's colour lasts until it is changed, also over the end of a line. */
function parseTerminal(captured: string): readonly (readonly Span[])[] {
  let pen = DEFAULT_PEN;
  return captured
    .trimEnd()
    .split("\n")
    .map((line) => {
      const spans: Span[] = [];
      line.split(SEQUENCE).forEach((part, index) => {
        if (index % 2 === 1) pen = applySequence(pen, part);
        else if (part !== "") spans.push({ text: part, ...pen });
      });
      return spans;
    });
}

function applySequence(pen: Pen, codes: string): Pen {
  return codes.split(";").map(Number).reduce(applyCode, pen);
}

function applyCode(pen: Pen, code: number): Pen {
  if (code === 0) return DEFAULT_PEN;
  if (code === 1) return { ...pen, isBold: true };
  if (code === 2) return { ...pen, colour: DIM };
  if (code === 22) return { ...pen, isBold: false, colour: pen.colour === DIM ? INK : pen.colour };
  if (code === 39) return { ...pen, colour: INK };
  return { ...pen, colour: COLOURS[code] ?? pen.colour };
}

/** The picture. `title` is for those who cannot see it, and for the window's head. */
function drawTerminal(lines: readonly (readonly Span[])[], title: string): string {
  const columns = Math.max(...lines.map((line) => line.reduce((length, span) => length + span.text.length, 0)), 20);
  const width = Math.ceil(columns * CHARACTER_WIDTH + 2 * MARGIN);
  const height = lines.length * LINE_HEIGHT + BAR_HEIGHT + 2 * MARGIN;
  const rows = lines.map((line, index) => drawLine(line, BAR_HEIGHT + MARGIN + (index + 1) * LINE_HEIGHT - 5));
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img">`,
    `<title>${escape(title)}</title>`,
    `<rect width="${width}" height="${height}" rx="8" fill="${PAPER}"/>`,
    ...["#ff5f57", "#febc2e", "#28c840"].map(
      (fill, index) => `<circle cx="${20 + index * 20}" cy="18" r="6" fill="${fill}"/>`,
    ),
    `<g font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace" font-size="14" xml:space="preserve">`,
    `<text x="${width / 2}" y="23" text-anchor="middle" fill="${DIM}">${escape(title)}</text>`,
    ...rows.filter((row) => row !== ""),
    "</g>",
    "</svg>",
    "",
  ].join("\n");
}

/** Each span has its place and its length, so that columns stay columns in whatever font the reader has. */
function drawLine(line: readonly Span[], y: number): string {
  let column = 0;
  return line
    .map((span) => {
      const start = span.text.length - span.text.trimStart().length;
      const shown = span.text.trim();
      const x = MARGIN + (column + start) * CHARACTER_WIDTH;
      column += span.text.length;
      if (shown === "") return "";
      const weight = span.isBold ? ' font-weight="bold"' : "";
      const length = (shown.length * CHARACTER_WIDTH).toFixed(1);
      const place = `x="${x.toFixed(1)}" y="${y}" textLength="${length}" lengthAdjust="spacingAndGlyphs"`;
      return `<text ${place} fill="${span.colour}"${weight}>${escape(shown)}</text>`;
    })
    .join("");
}

function escape(raw: string): string {
  return raw.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

const { values } = parseArgs({ options: { title: { type: "string", default: "npm run demo" } } });
process.stdout.write(drawTerminal(parseTerminal(await text(process.stdin)), values.title));
