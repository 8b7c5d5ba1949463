/** Takes passwords out of URLs: for `config show`, logs and errors. Rather too much than too little. */

const HIDDEN = "***";

/**
 * `scheme://` and all up to the last `@` before a blank or a quote: a password may hold `/`, `#` and `@` unescaped.
 * A text may be a line of JSON, so an escaped quote or line end is a quote or line end. Bounded, to stay linear.
 */
const CREDENTIALS = /\b([a-z][a-z0-9+.-]{0,30}:\/\/)((?:[^\s"'`<>\\]|\\(?!["nrt])){0,1000})@/gi;

/** A host with a path after it: then the `@` is not the end of credentials. */
const HOST_AND_PATH = /^(?:\[[^\]]*\]|[^:@/?#[\]]*)(?::\d{1,5})?[/?#]/;

const SECRET_PARAMETER =
  /([?&;,\s]|^)((?:[\w.-]*[_.-])?(?:password|passwd|pwd|secret|token|api_?key|auth))=(?!\*\*\*)(?:[^&;,\s"'`<>\\]|\\[^"nrt])+/gi;

/** A text with the credentials of every URL in it, and the values of `password=…` and the like, replaced by `***`. */
export function redactText(text: string): string {
  return redactParameters(
    text.replaceAll(CREDENTIALS, (match, scheme: string, rest: string) =>
      HOST_AND_PATH.test(rest) ? match : `${scheme}${hidePassword(rest)}@`,
    ),
  );
}

/**
 * One value that is, or should be, a URL. What carries an `@` or looks like no URL and no path is hidden whole:
 * it may be a password in the wrong place.
 */
export function redactUrl(url: string): string {
  const match = /^([a-z][a-z0-9+.-]*:\/\/)(?:(.*)@)?([^@]*)$/is.exec(url);
  if (match === null) return isPlainPath(url) ? url : HIDDEN;
  const [, scheme = "", credentials, rest = ""] = match;
  const start = credentials === undefined ? scheme : `${scheme}${hidePassword(credentials)}@`;
  return redactParameters(`${start}${rest}`);
}

/** The user's name stays when there is a password; alone, it may be a token. */
function hidePassword(credentials: string): string {
  const colon = credentials.indexOf(":");
  return colon < 0 ? HIDDEN : `${credentials.slice(0, colon)}:${HIDDEN}`;
}

function redactParameters(text: string): string {
  return text.replaceAll(SECRET_PARAMETER, (_, before: string, name: string) => `${before}${name}=${HIDDEN}`);
}

/** An SQLite file, or `:memory:`. */
function isPlainPath(value: string): boolean {
  return value === ":memory:" || (/^[\w./\\ -]+$/.test(value) && /[./\\]/.test(value));
}
