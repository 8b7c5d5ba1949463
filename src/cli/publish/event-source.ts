/** Where the events to publish come from: `--data`, a file, or stdin. */
import { createReadStream } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import type { Readable } from "node:stream";
import { EngineError } from "../../errors.ts";
import { readJsonLines, type JsonLinesOptions, type SourceEvent } from "./json-lines.ts";
import { parseJson } from "./payload.ts";

/** A JSON document is read whole: larger ones are to be JSON Lines. */
const MAX_DOCUMENT_BYTES = 64 * 1024 * 1024;

export type SourceChoice =
  | { readonly kind: "data"; readonly text: string }
  | { readonly kind: "lines"; readonly stream: Readable; readonly totalBytes: number | null }
  | { readonly kind: "document"; readonly path: string };

/** What the options choose. `.jsonl` and `.ndjson` files hold a line per event; `-` is stdin; any other file is one JSON document. */
export async function chooseSource(
  options: { readonly data?: string; readonly file?: string },
  stdin: Readable & { readonly isTTY?: boolean },
): Promise<SourceChoice> {
  if (options.data !== undefined && options.file !== undefined) {
    throw new EngineError("ENGINE_USAGE", "--data and --file exclude each other");
  }
  if (options.data !== undefined) return { kind: "data", text: options.data };
  if (options.file !== undefined && options.file !== "-") return fileSource(options.file);
  if (stdin.isTTY === true) {
    throw new EngineError("ENGINE_USAGE", "there is nothing to publish: stdin is a terminal", {
      hint: "Give --data '{…}', --file FILE, or pipe JSON Lines in.",
    });
  }
  return { kind: "lines", stream: stdin, totalBytes: null };
}

async function fileSource(path: string): Promise<SourceChoice> {
  const size = await stat(path).then(
    (stats) => stats.size,
    (cause: Error) => {
      throw new EngineError("ENGINE_USAGE", `--file ${path} cannot be read: ${cause.message}`, { cause });
    },
  );
  if (/\.(jsonl|ndjson)$/i.test(path)) {
    return { kind: "lines", stream: createReadStream(path), totalBytes: size };
  }
  if (size > MAX_DOCUMENT_BYTES) {
    throw new EngineError("ENGINE_USAGE", `--file ${path} has ${size} bytes: too large for one JSON document`, {
      hint: "Write one event per line and name it .jsonl, or pipe the lines into stdin.",
    });
  }
  return { kind: "document", path };
}

/** The events of the source, in batches, in order. */
export async function* readSource(
  choice: SourceChoice,
  options: JsonLinesOptions,
): AsyncGenerator<readonly SourceEvent[]> {
  switch (choice.kind) {
    case "data":
      yield [{ place: "--data", text: choice.text }];
      return;
    case "lines":
      yield* readJsonLines(choice.stream, options);
      return;
    case "document":
      yield* documentEvents(choice.path, options);
  }
}

/** An array is a list of events; anything else is one event. */
async function* documentEvents(
  path: string,
  { batchSize, signal }: JsonLinesOptions,
): AsyncGenerator<readonly SourceEvent[]> {
  const text = await readFile(path, { encoding: "utf8", signal });
  const document = parseJson(text.replace(/^\ufeff/, ""), path);
  const items: readonly unknown[] = Array.isArray(document) ? document : [document];
  for (let start = 0; start < items.length; start += batchSize) {
    yield items.slice(start, start + batchSize).map((item, index) => ({
      place: Array.isArray(document) ? `event ${start + index + 1} of ${path}` : path,
      text: JSON.stringify(item),
    }));
  }
}
