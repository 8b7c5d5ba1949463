/**
 * Releases of the shop. A release is a copy of the handlers in a folder of its own, loaded from there, so that the demo can
 * mend one without touching the sources.
 */
import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Domain } from "domain-engine";
import type { Books } from "../books.ts";

export interface Release {
  readonly domain: Domain;
  readonly books: Books;
}

/** One line of one file, in place of another. */
export interface Fix {
  /** Relative to the handlers' folder. */
  readonly file: string;
  readonly before: string;
  readonly after: string;
}

export interface DiffLine {
  readonly kind: "same" | "removed" | "added";
  /** In the file as it was; as it became for an added one. */
  readonly number: number;
  readonly text: string;
}

/** The bug: currencies are looked up as they were written, and some customers write "eur". */
export const FIX: Fix = {
  file: "payments/money.ts",
  before: "CURRENCIES[currency as CurrencyCode]",
  after: "CURRENCIES[currency.toUpperCase() as CurrencyCode]",
};

/** Copies the shop, without the demo, from `source` to `target`. */
export function copyHandlers(source: string, target: string): void {
  mkdirSync(target, { recursive: true });
  cpSync(source, target, {
    recursive: true,
    filter: (path) => !["demo", "demo.ts"].includes(basename(path)),
  });
}

/** Applies the fix to the file under `folder`. Throws unless it finds exactly one place. */
export function applyFix(folder: string, fix: Fix): readonly DiffLine[] {
  const path = join(folder, fix.file);
  const before = readFileSync(path, "utf8");
  if (before.split(fix.before).length !== 2) {
    throw new Error(`${path} should have ${JSON.stringify(fix.before)} exactly once: was the sample mended already?`);
  }
  const after = before.replace(fix.before, () => fix.after);
  writeFileSync(path, after);
  return diff(before, after);
}

/** Line by line, with one unchanged line before and after; for texts of equally many lines. */
function diff(before: string, after: string): readonly DiffLine[] {
  const [old, now] = [before.split("\n"), after.split("\n")];
  const changed = old.map((text, index) => text !== now[index]);
  return old.flatMap((text, index): readonly DiffLine[] => {
    const number = index + 1;
    if (changed[index]) {
      return [
        { kind: "removed", number, text },
        { kind: "added", number, text: now[index] ?? "" },
      ];
    }
    const isNear = changed[index - 1] === true || changed[index + 1] === true;
    return isNear ? [{ kind: "same", number, text }] : [];
  });
}

/** Loads a release. Each folder is a module of its own: nothing is shared with another release. */
export async function loadRelease(folder: string): Promise<Release> {
  const { domain, books } = (await import(pathToFileURL(join(folder, "index.ts")).href)) as Release;
  return { domain, books };
}
