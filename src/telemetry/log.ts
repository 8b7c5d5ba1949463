/**
 * The engine's logger: pino, one line per event that matters, to stderr.
 *
 * Credentials never appear: as the last step before it is written, every line (bindings, messages and stacks included)
 * loses the password of each URL in it, and the text under each telling key, at whatever depth.
 */
import pino, { type DestinationStream, type Logger } from "pino";
import pretty from "pino-pretty";
import { redactText } from "../config/redact.ts";
import type { LoggingSettings } from "../config/settings.ts";

const STDERR = 2;

/** In a line of JSON: a telling key, and the text behind it. */
const SECRET_FIELD =
  /"([^"\\]{0,64}(?:password|passwd|secret|token|authorization|credential|api[-_]?key)[^"\\]{0,64})":"(?:[^"\\]|\\.)*"/gi;

export interface LoggerOptions extends LoggingSettings {
  /** Where lines go; default stderr, written before the call returns, so that a crash loses none. */
  readonly destination?: DestinationStream;
  /** What "auto" goes by: whether a person is reading. Default: whether stderr is a terminal. */
  readonly isTerminal?: boolean;
}

/** A pino logger with redaction. `format` "auto" is pretty on a terminal and JSON elsewhere. */
export function createLogger(options: LoggerOptions): Logger {
  const isTerminal = options.isTerminal ?? process.stderr.isTTY === true;
  const isPretty = options.format === "pretty" || (options.format === "auto" && isTerminal);
  const destination = options.destination ?? pino.destination(STDERR);
  return pino(
    {
      level: options.level,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      hooks: { streamWrite: redactLine },
    },
    isPretty ? prettyStream(destination, isTerminal) : destination,
  );
}

const JSON_TEXT = /"(?:[^"\\]|\\.)*"/g;

/** One line of JSON without credentials: still JSON. */
function redactLine(line: string): string {
  const named = line.replaceAll(SECRET_FIELD, '"$1":"***"');
  return named.replaceAll(JSON_TEXT, (text) => (mayHideSecret(text) ? redactJsonText(text) : text));
}

/** Only a URL, or `password=…`, has something to hide. */
function mayHideSecret(text: string): boolean {
  return text.includes("://") || text.includes("=");
}

/** Unescaped for the while: what ends a password is told by the text itself. */
function redactJsonText(text: string): string {
  return JSON.stringify(redactText(JSON.parse(text) as string));
}

function prettyStream(destination: DestinationStream, isTerminal: boolean): DestinationStream {
  return pretty({
    colorize: isTerminal && process.stderr.hasColors?.() === true,
    destination,
    sync: true,
    ignore: "pid,hostname",
    translateTime: "SYS:HH:MM:ss.l",
  });
}
