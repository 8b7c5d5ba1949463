/** Completion scripts for shells, each a function of the program's words alone: nothing is run while completing. */
import type { CommandWords, OptionWords } from "./words.ts";

export const SHELLS = ["bash", "zsh", "fish"] as const;
export type Shell = (typeof SHELLS)[number];

export function completionScript(shell: Shell, commands: readonly CommandWords[]): string {
  switch (shell) {
    case "bash":
      return bashScript(commands);
    case "zsh":
      return zshScript(commands);
    case "fish":
      return fishScript(commands);
  }
}

/** Finds the command typed so far by its path ("dlq list"), then offers its words; files where a value is a file. */
function bashScript(commands: readonly CommandWords[]): string {
  const cases = commands.flatMap(({ path, children, options, choices }) => {
    const words = [...children.map(({ name }) => name), ...choices, ...options.flatMap(({ flags }) => flags)];
    return [`    ${quoted(path.join(" "))}) words=${quoted(words.join(" "))} ;;`];
  });
  return `# bash completion for engine, made by: engine completion bash
_engine() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]} path="" words="" i
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "\${path:+$path }\${COMP_WORDS[i]}" in
      ${commandPatterns(commands)}) path="\${path:+$path }\${COMP_WORDS[i]}" ;;
    esac
  done
  # --option=value comes as three words.
  if [ "$cur" = "=" ]; then cur=""; elif [ "$prev" = "=" ]; then prev=\${COMP_WORDS[COMP_CWORD-2]}; fi
  COMPREPLY=()
  case "$path $prev" in
${valueCases(commands)}
  esac
  case "$path" in
${cases.join("\n")}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
}
complete -o default -F _engine engine
`;
}

/** Values of the option that stands before the cursor: its choices, else what the shell knows (files). */
function valueCases(commands: readonly CommandWords[]): string {
  const lines = commands.flatMap(({ path, options }) =>
    options
      .filter(({ takesValue }) => takesValue)
      .map((option) => {
        const patterns = option.flags.map((flag) => quoted(`${path.join(" ")} ${flag}`)).join("|");
        const offer =
          option.choices.length === 0
            ? ""
            : ` COMPREPLY=($(compgen -W ${quoted(option.choices.join(" "))} -- "$cur"));`;
        return `    ${patterns})${offer} return ;;`;
      }),
  );
  return lines.join("\n");
}

function commandPatterns(commands: readonly CommandWords[]): string {
  return commands
    .filter(({ path }) => path.length > 0)
    .map(({ path }) => quoted(path.join(" ")))
    .join("|");
}

function zshScript(commands: readonly CommandWords[]): string {
  return `#compdef engine
# zsh completion for engine, made by: engine completion zsh

${commands.map(zshFunction).join("\n\n")}

if [ "$funcstack[1]" = "_engine" ]; then _engine "$@"; else compdef _engine engine; fi
`;
}

function zshFunction({ path, children, options, choices }: CommandWords): string {
  const specs = options.map(zshOption);
  if (children.length === 0) {
    const argument = choices.length === 0 ? "'*:: :_files'" : quoted(`1: :(${choices.join(" ")})`);
    return `${zshName(path)}() {\n  _arguments -s -S ${[...specs, argument].join(" \\\n    ")}\n}`;
  }
  const described = children.map(
    ({ name, description }) => `    ${quoted(`${name}:${description.replaceAll(":", String.raw`\:`)}`)}`,
  );
  const routes = children.map(({ name }) => `      ${name}) ${zshName([...path, name])} ;;`);
  return `${zshName(path)}() {
  local context state state_descr line
  typeset -A opt_args
  local -a children=(
${described.join("\n")}
  )
  _arguments -C ${[...specs, "'1: :->command'", "'*:: :->rest'"].join(" \\\n    ")}
  case $state in
    command) _describe -t commands command children ;;
    rest) case $line[1] in
${routes.join("\n")}
    esac ;;
  esac
}`;
}

function zshOption({ flags, description, takesValue, choices }: OptionWords): string {
  const text = description.replaceAll(/[[\]:\\]/g, String.raw`\$&`);
  const offered = choices.length === 0 ? "_files" : `(${choices.join(" ")})`;
  const value = takesValue ? `: :${offered}` : "";
  const long = flags.map((flag) =>
    quoted(`*${flag}${takesValue && flag.startsWith("--") ? "=" : ""}[${text}]${value}`),
  );
  return long.join(" ");
}

function zshName(path: readonly string[]): string {
  return ["_engine", ...path].join("_").replaceAll("-", "_");
}

/** One line for each word; the condition names the commands that must, and must not, have been typed. */
function fishScript(commands: readonly CommandWords[]): string {
  const lines = commands.flatMap(({ path, children, options, choices }) => {
    const condition = fishCondition(
      path,
      children.map(({ name }) => name),
    );
    const base = `complete -c engine -n ${quoted(condition)}`;
    return [
      ...children.map(({ name, description }) => `${base} -f -a ${quoted(name)} -d ${quoted(description)}`),
      ...(choices.length === 0 ? [] : [`${base} -f -a ${quoted(choices.join(" "))}`]),
      ...options.map((option) => `${base} ${fishOption(option)}`),
    ];
  });
  return `# fish completion for engine, made by: engine completion fish\n${lines.join("\n")}\n`;
}

function fishCondition(path: readonly string[], children: readonly string[]): string {
  if (path.length === 0) return "__fish_use_subcommand";
  const typed = path.map((word) => `__fish_seen_subcommand_from ${word}`);
  const untyped = children.length === 0 ? [] : [`not __fish_seen_subcommand_from ${children.join(" ")}`];
  return [...typed, ...untyped].join("; and ");
}

function fishOption({ flags, description, takesValue, choices }: OptionWords): string {
  const names = flags.map((flag) => (flag.startsWith("--") ? `-l ${flag.slice(2)}` : `-s ${flag.slice(1)}`));
  const value = takesValue ? [choices.length === 0 ? "-r" : `-x -a ${quoted(choices.join(" "))}`] : [];
  return [...names, ...value, `-d ${quoted(description)}`].join(" ");
}

/** In single quotes, which all three shells take literally. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
