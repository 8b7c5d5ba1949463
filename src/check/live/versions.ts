/** Versions of servers: the oldest that is supported, and those with known holes. */
import type { ServerFacts } from "../../ports/broker-facts.ts";

/** XAUTOCLAIM and XCLAIM before it can corrupt the server's memory (CVE-2022-31144, CVE-2022-35951). */
export const OLDEST_REDIS = "7.0.5";

interface Vulnerability {
  readonly id: string;
  readonly what: string;
  readonly product: ServerFacts["product"];
  /** The first vulnerable version. */
  readonly since: string;
  /** The first good version of each line, ascending. A line that is not listed was never mended. */
  readonly fixedIn: readonly string[];
}

const VULNERABILITIES: readonly Vulnerability[] = [
  {
    id: "CVE-2025-49844",
    what: "a Lua script can run code on the server",
    product: "redis",
    since: "0.0.0",
    fixedIn: ["6.2.20", "7.2.11", "7.4.6", "8.0.4", "8.2.2"],
  },
  {
    id: "CVE-2025-49844",
    what: "a Lua script can run code on the server",
    product: "valkey",
    since: "0.0.0",
    fixedIn: ["7.2.11", "8.0.6", "8.1.4"],
  },
  {
    id: "CVE-2026-23479",
    what: "a blocked client that is evicted is used after it was freed",
    product: "redis",
    since: "7.2.0",
    fixedIn: ["8.6.3"],
  },
];

/** Below zero when `a` is older. Versions are numbers with dots; what follows a dash does not count. */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [a, b].map(
    (text) =>
      text
        .split("-")[0]
        ?.split(".")
        .map((part) => Number.parseInt(part, 10) || 0) ?? [],
  );
  for (let index = 0; index < 3; index += 1) {
    const difference = (left?.[index] ?? 0) - (right?.[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** What the server is known to suffer from, going by its version. */
export function vulnerabilitiesOf({ product, version }: ServerFacts): readonly Pick<Vulnerability, "id" | "what">[] {
  return VULNERABILITIES.filter((hole) => hole.product === product && isVulnerable(version, hole));
}

function isVulnerable(version: string, { since, fixedIn }: Vulnerability): boolean {
  if (compareVersions(version, since) < 0) return false;
  const newest = fixedIn.at(-1) ?? "0.0.0";
  if (compareVersions(version, newest) >= 0) return false;
  const line = lineOf(version);
  const fix = fixedIn.find((fixed) => lineOf(fixed) === line);
  return fix === undefined || compareVersions(version, fix) < 0;
}

function lineOf(version: string): string {
  return version.split(".").slice(0, 2).join(".");
}
