import { createInterface } from "node:readline/promises";
import { EngineError } from "../errors.ts";
import type { TerminalStream } from "./output.ts";

export type InputStream = NodeJS.ReadableStream & { readonly isTTY?: boolean };

/**
 * Asks on stderr; true for "y" and "yes". Where nobody can answer it is an error that names `--yes`, never a silent
 * yes or no.
 */
export async function confirm(
  question: string,
  streams: { readonly stdin: InputStream; readonly stderr: TerminalStream },
  signal: AbortSignal,
): Promise<boolean> {
  if (streams.stdin.isTTY !== true) {
    throw new EngineError("ENGINE_USAGE", "this needs a confirmation, and stdin is not a terminal", {
      hint: "Add --yes to go ahead without being asked, or --dry-run to see what would happen.",
    });
  }
  const prompt = createInterface({ input: streams.stdin, output: streams.stderr });
  // Ctrl-D closes the prompt without an answer.
  const closed = new Promise<string>((resolve) => prompt.once("close", () => resolve("")));
  try {
    const answer = await Promise.race([prompt.question(`${question} [y/N] `, { signal }), closed]);
    return /^y(es)?$/i.test(answer.trim());
  } catch (error) {
    // Ctrl-C, here or from outside.
    if (signal.aborted || (error instanceof Error && error.name === "AbortError")) return false;
    throw error;
  } finally {
    prompt.close();
  }
}
