/**
 * `${VAR}` and `${VAR|default}` in a string. One pass: what a variable holds is never looked at again.
 * `$${` stands for a literal `${`. An empty variable is set; `default` is for one that is not.
 */

export type Variables = Readonly<Record<string, string | undefined>>;

export type Substitution =
  | { readonly kind: "plain"; readonly text: string }
  /** `messages`: variables that are unset, references that cannot be read; they never quote what a variable holds. */
  | { readonly kind: "substituted"; readonly text: string; readonly messages: readonly string[] };

const REFERENCE = /\$\$\{|\$\{(?<name>[A-Za-z_][A-Za-z0-9_]*)(?:\|(?<fallback>[^{}]*))?\}|\$\{/g;

export function substitute(text: string, variables: Variables): Substitution {
  const messages: string[] = [];
  let hasReference = false;
  const result = text.replace(REFERENCE, (match, ...rest) => {
    if (match === "$${") return "${";
    hasReference = true;
    const { name, fallback } = rest.at(-1) as { name?: string; fallback?: string };
    if (name === undefined) {
      messages.push(
        "has a variable reference that cannot be read; write ${NAME} or ${NAME|default}, and $${ for a literal ${",
      );
      return "";
    }
    const value = Object.hasOwn(variables, name) ? variables[name] : undefined;
    if (value === undefined && fallback === undefined) {
      messages.push(`the variable ${name} is not set; set it, or write \${${name}|default}`);
    }
    return value ?? fallback ?? "";
  });
  return hasReference ? { kind: "substituted", text: result, messages } : { kind: "plain", text: result };
}
