/** Where a broker's URI leads. */

export interface BrokerHosts {
  readonly hosts: readonly string[];
  readonly isEncrypted: boolean;
}

/** Null for what cannot be read. `redis+sentinel:` and `redis+cluster:` URLs may name several hosts. */
export function addressOf(uri: string): BrokerHosts | null {
  const match = /^(rediss?)(?:\+[a-z]+)?:\/\/(?:.*@)?([^/?#@]+)/is.exec(uri);
  if (match === null) return null;
  const [, scheme = "", authority = ""] = match;
  return { hosts: authority.split(",").map(hostOf), isEncrypted: scheme.toLowerCase() === "rediss" };
}

function hostOf(authority: string): string {
  return /^\[([^\]]*)\]/.exec(authority)?.[1] ?? authority.replace(/:\d*$/, "");
}

export function isLoopback(host: string): boolean {
  return /^(?:localhost|127(?:\.\d{1,3}){3}|::1|\[::1\])$/i.test(host);
}

export function isClusterUri(uri: string): boolean {
  return /^rediss?\+cluster:/i.test(uri);
}
