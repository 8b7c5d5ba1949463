/** Passwords that stand in the configuration file itself, in whatever environment's table. */
import type { ConfigFile } from "./rule.ts";

export interface LiteralSecret {
  readonly line: number;
  /** The key on that line, as written; for a line without one, its number. */
  readonly key: string;
}

/** `scheme://user:password@`, with the password captured. */
const PASSWORD = /[a-z][a-z0-9+.-]{0,30}:\/\/[^\s"'@/:]{0,200}:([^\s"'@]{1,500})@/gi;
const VARIABLES = /\$\{[A-Za-z_]\w*\}/g;

export function literalSecrets(file: ConfigFile | null): readonly LiteralSecret[] {
  if (file === null) return [];
  return file.text.split("\n").flatMap((text, index) => {
    if (text.trimStart().startsWith("#") || !hasPassword(text)) return [];
    return [{ line: index + 1, key: /^\s*([\w.-]+)\s*=/.exec(text)?.[1] ?? `line ${index + 1}` }];
  });
}

/** A password that is nothing but variables is none. The default of a variable is written out as well. */
function hasPassword(line: string): boolean {
  return [...line.matchAll(PASSWORD)].some(([, password = ""]) => password.replaceAll(VARIABLES, "") !== "");
}
