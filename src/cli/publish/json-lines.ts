/** JSON Lines from a stream, in bounded memory however long the stream is. */
import { addAbortSignal, type Readable } from "node:stream";
import { EngineError } from "../../errors.ts";

/** One event to be published: its JSON, and where it stood, for the error that names it. */
export interface SourceEvent {
  /** "line 17", "event 3", "--data" */
  readonly place: string;
  readonly text: string;
}

export interface JsonLinesOptions {
  /** A longer line is an error. */
  readonly maxLineBytes: number;
  /** At most so many lines are given out at once. */
  readonly batchSize: number;
  readonly signal: AbortSignal;
  /** Told how many bytes have been read so far. */
  readonly onRead?: (bytes: number) => void;
}

const NEWLINE = 0x0a;

/**
 * The stream's lines in batches, each given out as soon as it is complete, so that a slow stream (`tail -f`) is not held
 * up. Blank lines are counted and skipped. A line that is too long or no UTF-8 throws, after all lines before it were
 * given out. When the signal aborts it ends, dropping an unfinished line.
 */
export async function* readJsonLines(stream: Readable, options: JsonLinesOptions): AsyncGenerator<SourceEvent[]> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let rest: Buffer = Buffer.alloc(0);
  let lineNumber = 0;
  let bytesRead = 0;
  let batch: SourceEvent[] = [];

  function take(bytes: Buffer): EngineError | null {
    lineNumber += 1;
    const place = `line ${lineNumber}`;
    if (bytes.length > options.maxLineBytes) return tooLong(place, options.maxLineBytes);
    try {
      const text = decoder.decode(bytes).trim();
      if (text !== "") batch.push({ place, text });
      return null;
    } catch (cause) {
      return new EngineError("ENGINE_PUBLISH_INVALID", `${place} is not valid UTF-8`, { cause });
    }
  }

  /** Gives out full batches, and everything before a fault. */
  function* flush(fault: EngineError | null, isAll: boolean): Generator<SourceEvent[]> {
    if (batch.length >= options.batchSize || ((isAll || fault !== null) && batch.length > 0)) {
      yield batch;
      batch = [];
    }
    if (fault !== null) throw fault;
  }

  for await (const chunk of chunksOf(stream, options.signal)) {
    bytesRead += chunk.length;
    options.onRead?.(bytesRead);
    let bytes: Buffer = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    for (let end = bytes.indexOf(NEWLINE); end >= 0; end = bytes.indexOf(NEWLINE)) {
      yield* flush(take(bytes.subarray(0, end)), false);
      bytes = bytes.subarray(end + 1);
    }
    rest = bytes;
    const isTooLong = rest.length > options.maxLineBytes;
    yield* flush(isTooLong ? tooLong(`line ${lineNumber + 1}`, options.maxLineBytes) : null, true);
  }
  if (rest.length > 0 && !options.signal.aborted) yield* flush(take(rest), true);
}

async function* chunksOf(stream: Readable, signal: AbortSignal): AsyncGenerator<Buffer> {
  try {
    for await (const chunk of addAbortSignal(signal, stream)) yield Buffer.from(chunk as Uint8Array | string);
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

function tooLong(place: string, maxBytes: number): EngineError {
  return new EngineError("ENGINE_PUBLISH_TOO_LARGE", `${place} is longer than ${maxBytes} bytes`, {
    hint: "Each line is one event, as JSON. [server] max_message_bytes sets the limit.",
  });
}
