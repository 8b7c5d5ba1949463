/** What the demo shows: colours and moving bars on a terminal, plain lines elsewhere. NO_COLOR is respected. */
import { styleText } from "node:util";
import { MultiBar } from "cli-progress";

type Style = Parameters<typeof styleText>[0];
export type TerminalStream = NodeJS.WritableStream & { readonly isTTY?: boolean; readonly columns?: number };

export interface Screen {
  heading(text: string): void;
  line(text?: string): void;
  /** The first column is text, the others are numbers. */
  table(titles: readonly string[], rows: readonly (readonly (string | number)[])[]): void;
  style(style: Style, text: string): string;
  bars(labels: readonly string[]): Bars;
  /** Columns of the terminal, at most 100. */
  readonly width: number;
}

export interface Bars {
  update(label: string, done: number, total: number): void;
  stop(): void;
}

const BAR_WIDTH = 40;
const LABEL_WIDTH = 14;

export function createScreen(stream: TerminalStream): Screen {
  const isTerminal = stream.isTTY === true;
  const style = (name: Style, text: string): string => (isTerminal ? styleText(name, text, { stream }) : text);
  const line = (text = ""): void => void stream.write(`${text}\n`);
  return {
    line,
    style,
    heading: (text) => line(`\n${style(["bold", "cyan"], text)}`),
    table(titles, rows) {
      const cells = [titles, ...rows.map((row) => row.map(cellText))];
      const widths = titles.map((_, column) => Math.max(...cells.map((row) => (row[column] ?? "").length)));
      cells.forEach((row, index) => {
        const text = row.map((cell, column) => pad(cell, widths[column] ?? 0, column)).join("   ");
        line(`  ${index === 0 ? style("dim", text) : text}`);
      });
    },
    bars: (labels) => (isTerminal ? movingBars(stream, labels, style) : plainBars(labels, line)),
    width: Math.min(stream.columns ?? 100, 100),
  };
}

function cellText(cell: string | number): string {
  return typeof cell === "number" ? cell.toLocaleString("en-US") : cell;
}

function pad(text: string, width: number, column: number): string {
  return column === 0 ? text.padEnd(width) : text.padStart(width);
}

function movingBars(stream: TerminalStream, labels: readonly string[], style: Screen["style"]): Bars {
  const format = `  {label} ${style("green", "{bar}")} {done} of {all}`;
  const multi = new MultiBar({
    stream,
    format,
    barsize: BAR_WIDTH,
    barCompleteChar: "━",
    barIncompleteChar: " ",
    hideCursor: true,
    fps: 20,
    emptyOnZero: true,
  });
  const bars = new Map(
    labels.map((label) => [label, multi.create(1, 0, { label: label.padEnd(LABEL_WIDTH), done: "0", all: "0" })]),
  );
  return {
    update(label, done, total) {
      const bar = bars.get(label);
      bar?.setTotal(Math.max(total, 1));
      bar?.update(done, { done: cellText(done).padStart(7), all: cellText(total) });
    },
    stop: () => multi.stop(),
  };
}

/** No terminal: how far it came, once, at the end. */
function plainBars(labels: readonly string[], line: Screen["line"]): Bars {
  const last = new Map<string, string>();
  return {
    update: (label, done, total) => void last.set(label, `${cellText(done).padStart(7)} of ${cellText(total)}`),
    stop() {
      for (const label of labels) line(`  ${label.padEnd(LABEL_WIDTH)} ${last.get(label) ?? "0"}`);
    },
  };
}
