/**
 * What the command line prints. stdout carries the result (tables, JSON) and nothing else, so that it can be piped;
 * notes, progress and errors go to stderr.
 */
import { once } from "node:events";
import { styleText } from "node:util";
import { EngineError } from "../errors.ts";
import { redactText } from "../config/redact.ts";
import { formatTable, type Cell, type Column } from "./table.ts";
import { visible, visibleJson, visibleLines } from "./visible.ts";

export type TerminalStream = NodeJS.WritableStream & {
  readonly isTTY?: boolean;
  readonly columns?: number;
};

type Style = "bold" | "dim" | "red" | "yellow" | "green";

export interface Output {
  /** One line on stdout. Resolves once there is room for more, so that a slow reader slows the command. */
  line(text: string): Promise<void>;
  /** A JSON document on stdout, indented. */
  json(value: unknown): Promise<void>;
  /** One JSON value on one line: JSON Lines. */
  jsonLine(value: unknown): Promise<void>;
  table(columns: readonly Column[], rows: readonly (readonly Cell[])[], options?: TableOptions): Promise<void>;
  /** A remark for people, on stderr. */
  note(text: string): void;
  /** An error: message, hint and code on stderr; the stack only when asked for. */
  error(error: unknown, options: { readonly isVerbose: boolean }): void;
  /** Moves to the top of a cleared screen; on anything but a terminal, nothing. */
  clearScreen(): Promise<void>;
  /** Colours text for stdout, where stdout shows colours (NO_COLOR is respected). */
  style(style: Style, text: string): string;
  readonly isTerminal: boolean;
  /** Columns of stdout's terminal; infinite where it is none. */
  readonly width: number;
  readonly stderr: TerminalStream;
  /** Aborts when the reader of stdout has gone (`… | head`): nobody wants more. */
  readonly closed: AbortSignal;
}

export interface TableOptions {
  /** False for the continuation of a table. */
  readonly hasHeader?: boolean;
}

export function createOutput(stdout: TerminalStream, stderr: TerminalStream): Output {
  const closing = new AbortController();
  stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") stderr.write(`engine: stdout cannot be written: ${error.message}\n`);
    closing.abort();
  });
  // Whoever closes stderr has chosen not to be told.
  stderr.on("error", () => undefined);

  async function write(text: string): Promise<void> {
    if (closing.signal.aborted || stdout.write(text)) return;
    await once(stdout, "drain", { signal: closing.signal }).catch(() => undefined);
  }

  const style = (name: Style, text: string): string => colour(name, text, stdout);

  return {
    line: (text) => write(`${text}\n`),
    json: (value) => write(`${visibleJson(value, 2)}\n`),
    jsonLine: (value) => write(`${visibleJson(value)}\n`),
    async table(columns, rows, options = {}) {
      const [header = "", ...lines] = formatTable(columns, rows, widthOfTerminal(stdout));
      if (options.hasHeader !== false) await write(`${style("bold", header)}\n`);
      for (const line of lines) await write(`${line}\n`);
    },
    note: (text) => void stderr.write(`${text}\n`),
    error: (error, { isVerbose }) => void stderr.write(formatError(error, isVerbose, stderr)),
    clearScreen: () => (stdout.isTTY === true ? write("\u001b[H\u001b[2J") : Promise.resolve()),
    style,
    isTerminal: stdout.isTTY === true,
    get width() {
      return widthOfTerminal(stdout);
    },
    stderr,
    closed: closing.signal,
  };
}

function widthOfTerminal(stdout: TerminalStream): number {
  return stdout.isTTY === true ? (stdout.columns ?? 80) : Number.POSITIVE_INFINITY;
}

function formatError(error: unknown, isVerbose: boolean, stderr: TerminalStream): string {
  const message = error instanceof Error ? error.message : String(error);
  const lines = [`${colour("red", "error", stderr)}: ${visibleLines(message)}`];
  if (error instanceof EngineError) {
    if (error.hint !== undefined) lines.push(`${colour("yellow", "hint", stderr)}: ${visibleLines(error.hint)}`);
    lines.push(colour("dim", `code: ${error.code}`, stderr));
  } else if (!isVerbose) lines.push(colour("dim", "--verbose shows where it happened", stderr));
  if (isVerbose && error instanceof Error) lines.push(visibleLines(stackOf(error)));
  return redactText(`${lines.join("\n")}\n`);
}

function stackOf(error: Error): string {
  const own = error.stack ?? visible(error.message);
  return error.cause instanceof Error ? `${own}\ncaused by: ${stackOf(error.cause)}` : own;
}

function colour(style: Style, text: string, stream: TerminalStream): string {
  if (stream.isTTY !== true) return text;
  return styleText(style, text, { stream });
}
