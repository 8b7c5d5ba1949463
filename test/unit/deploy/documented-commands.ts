/** Every `engine …` command in the documents, checked against the program itself. */
import type { Command } from "commander";

/** Command lines in code: indented or fenced lines, and text between backticks, that begin with `engine `. */
export function commandsIn(markdown: string): readonly string[] {
  const found: string[] = [];
  let fence: string | null = null;
  for (const line of markdown.replaceAll(/\\\n\s*/g, " ").split("\n")) {
    const [, mark, language] = /^\s*(```|~~~)(\w*)/.exec(line) ?? [];
    if (mark !== undefined) fence = fence === null ? (language ?? "") : null;
    else if (fence === null) found.push(...fromText(line));
    // Output, and other languages, may well begin with the word.
    else if (["sh", "bash", "console", "shell"].includes(fence)) found.push(...fromShell(line));
  }
  return found;
}

/** Between backticks. */
function fromText(line: string): readonly string[] {
  const code = [...line.matchAll(/`([^`]+)`/g)].map(([, text]) => text ?? "");
  return code.filter((text) => /^(?:npx )?engine [a-z|-]+(?:\s|$)/.test(text));
}

/** The commands of one line: behind `$ `, `npx `, `kubectl exec … -- `, in a pipe. */
function fromShell(line: string): readonly string[] {
  return line
    .replace(/(^|\s)#.*$/, "")
    .split(/\s*(?:\||&&|;|--)\s+/)
    .map((part) => part.trim().replace(/^\$ /, ""))
    .filter((part) => /^(?:\w+=\S+ )*(?:npx )?engine( |$)/.test(part));
}

/** What is wrong with a command line, or null. Placeholders stand for values. */
export function faultOf(line: string, program: Command): string | null {
  const words = (line.replace(/^(?:\w+=\S+ )*(?:npx )?engine\s*/, "").match(/"[^"]*"|'[^']*'|\S+/g) ?? []).filter(
    (word) => !["…", "..."].includes(word),
  );
  let command = program;
  let rest = words;
  while (rest[0] !== undefined && command.commands.length > 0 && !rest[0].startsWith("-")) {
    // `engine dlq list|show` means each of them.
    const names = rest[0].split("|");
    const children = names.map((name) => command.commands.find((each) => each.name() === name));
    const missing = names.find((_, at) => children[at] === undefined);
    if (missing !== undefined) {
      if (command.registeredArguments.length > 0 || missing.startsWith("<")) break;
      return `"${missing}" is no command of ${command.name()}`;
    }
    command = children[0] ?? command;
    rest = rest.slice(1);
  }
  for (const word of rest) {
    const [, flag] = /^(--?[a-z][a-z-]*)/i.exec(word) ?? [];
    if (flag !== undefined && !knows(command, flag)) return `${command.name()} has no option ${flag}`;
  }
  return null;
}

function knows(command: Command | null, flag: string): boolean {
  if (flag === "--help" || flag === "-h") return true;
  if (command === null) return false;
  return command.options.some(({ long, short }) => flag === long || flag === short) || knows(command.parent, flag);
}
