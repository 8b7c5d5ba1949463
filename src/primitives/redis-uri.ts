/** URIs of Redis in its deployments: one server, a primary watched by sentinels, a cluster. */

export interface RedisAddress {
  readonly host: string;
  readonly port: number;
}

export interface RedisUri {
  readonly kind: "single" | "sentinel" | "cluster";
  readonly isTls: boolean;
  readonly username: string | null;
  readonly password: string | null;
  /** The server, the sentinels, or nodes of the cluster: at least one. */
  readonly hosts: readonly [RedisAddress, ...RedisAddress[]];
  /** What the sentinels call the primary; null without sentinels. */
  readonly primaryName: string | null;
  readonly database: number;
  readonly family: 4 | 6 | null;
}

/** `fault` never quotes the URI: it may hold a password. */
export type RedisUriResult =
  | { readonly kind: "uri"; readonly uri: RedisUri }
  | { readonly kind: "fault"; readonly fault: string };

const SHAPE = /^(rediss?)(\+sentinel|\+cluster)?:\/\/([^/?#]*)([^?#]*)(?:\?([^#]*))?$/is;
const PARAMETERS = ["db", "family", "password", "username"] as const;
const UNREADABLE = "is not a URL that can be read; percent-encode special characters in the password";
const SCHEMES = "redis://, rediss://, redis+sentinel://, rediss+sentinel://, redis+cluster:// or rediss+cluster://";

/**
 * `redis://[user:password@]host[:port][/database]`, `redis+sentinel://[…@]host[:port][,host2…]/primary-name[/database]`,
 * `redis+cluster://[…@]host[:port][,host2…]`; with `rediss` for TLS.
 */
export function parseRedisUri(text: string): RedisUriResult {
  if (!/^rediss?(?:\+sentinel|\+cluster)?:\/\//i.test(text)) return fault(`must be a ${SCHEMES} URL`);
  const [, scheme = "", deployment = "", authority = "", path = "", query = ""] = SHAPE.exec(text) ?? [];
  const kind = deployment === "" ? "single" : (deployment.slice(1).toLowerCase() as "sentinel" | "cluster");
  const at = authority.lastIndexOf("@");
  const credentials = parseCredentials(authority.slice(0, Math.max(at, 0)));
  const [first, ...others] = authority
    .slice(at + 1)
    .split(",")
    .map((host) => parseHost(host, kind === "sentinel" ? 26_379 : 6379));
  if (!credentials || !first || others.includes(null)) return fault(UNREADABLE);
  if (kind === "single" && others.length > 0)
    return fault("names several hosts: only redis+sentinel:// and redis+cluster:// take them");
  const place = PATHS[kind].pattern.exec(path);
  if (place === null) return fault(PATHS[kind].fault);
  const parameters = new URLSearchParams(query);
  if ([...parameters.keys()].some((key) => !PARAMETERS.some((known) => known === key))) {
    return fault(`has a parameter other than ${PARAMETERS.join(", ")}`);
  }
  const database = place.groups?.["database"] || parameters.get("db") || "0";
  const family = parameters.get("family");
  if (!/^\d{1,5}$/.test(database) || (kind === "cluster" && Number(database) !== 0)) return fault(PATHS[kind].fault);
  if (family !== null && !/^[046]$/.test(family)) return fault("has a family that is neither 4 nor 6");
  return {
    kind: "uri",
    uri: {
      kind,
      isTls: scheme.toLowerCase() === "rediss",
      username: credentials.username ?? parameters.get("username"),
      password: credentials.password ?? parameters.get("password"),
      hosts: [first, ...others.filter((host) => host !== null)],
      primaryName: place.groups?.["name"] ?? null,
      database: Number(database),
      family: family === "4" ? 4 : family === "6" ? 6 : null,
    },
  };
}

const PATHS = {
  single: {
    pattern: /^\/?(?<database>\d*)$/,
    fault: "must end in the number of a database, or in nothing: redis://host:6379/0",
  },
  sentinel: {
    pattern: /^\/(?<name>[\w.-]*[A-Za-z_.-][\w.-]*)(?:\/(?<database>\d*))?$/,
    fault: "must name the primary that the sentinels watch: redis+sentinel://host:26379,host2:26379/mymaster/0",
  },
  cluster: { pattern: /^\/?(?<database>0?)$/, fault: "must end in its hosts: a cluster has database 0 alone" },
} as const;

function fault(message: string): RedisUriResult {
  return { kind: "fault", fault: message };
}

function parseHost(text: string, defaultPort: number): RedisAddress | null {
  const url = text.includes("@") ? null : URL.parse(`redis://${text}`);
  if (url === null || url.hostname === "") return null;
  return { host: url.hostname.replace(/^\[(.*)\]$/, "$1"), port: url.port === "" ? defaultPort : Number(url.port) };
}

function parseCredentials(text: string): { readonly username: string | null; readonly password: string | null } | null {
  const colon = text.indexOf(":");
  const [username, password] = colon < 0 ? [text, ""] : [text.slice(0, colon), text.slice(colon + 1)];
  try {
    return { username: decodeURIComponent(username) || null, password: decodeURIComponent(password) || null };
  } catch {
    // A stray percent sign.
    return null;
  }
}
